"""Say whose device a certificate is: its subjectAltName holds the account's name as a URI.

`https://<which CA>.xchat.invalid/user/<name, percent-encoded>`: a name that is an address
nowhere (RFC 6761, 6.4), and that no server's certificate can hold by chance. A common name
says nothing here, for every kind of certificate has one.
"""

from __future__ import annotations

from urllib.parse import quote, unquote, urlsplit

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from xchat.pki.unreadable import UNREADABLE

HOST_ENDS_IN = ".xchat.invalid"
PATH_BEGINS_WITH = "/user/"


def uri_of(authority: str, account: str) -> str:
    """Return the URI of an account's devices under a CA, `authority` being a label of DNS."""
    return f"https://{authority}{HOST_ENDS_IN}{PATH_BEGINS_WITH}{quote(account, safe='')}"


def account_in(der: bytes) -> str:
    """Return the account whose device a certificate names, or nothing.

    That its CA is ours, and that it is in force, was found out before.
    """
    try:
        return account_of(x509.load_der_x509_certificate(der))
    except UNREADABLE:
        return ""


def account_of(certificate: x509.Certificate) -> str:
    """Do as `account_in`, for a certificate that was read already."""
    try:
        extensions = certificate.extensions
        uses = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    except (x509.ExtensionNotFound, *UNREADABLE):
        return ""
    if list(uses) != [ExtendedKeyUsageOID.CLIENT_AUTH]:
        return ""
    accounts = [account for uri in uris if (account := _account(uri))]
    return accounts[0] if len(accounts) == 1 else ""


def device_in(der: bytes) -> str:
    """Return the device's name that a certificate of ours has, for people, or nothing."""
    try:
        return device_of(x509.load_der_x509_certificate(der))
    except UNREADABLE:
        return ""


def device_of(certificate: x509.Certificate) -> str:
    """Do as `device_in`, for a certificate that was read already."""
    try:
        units = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    except UNREADABLE:
        return ""
    return str(units[0].value) if len(units) == 1 else ""


def label_of(issuer: x509.Certificate) -> str:
    """Return the label under which an issuer names accounts: its root's, in eight digits.

    Who signed it is what it says of its issuer's key, so a new issuer has the same.
    """
    known = issuer.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    return (known.key_identifier or b"").hex()[:8] or "ca"


def _account(uri: str) -> str:
    try:
        parts = urlsplit(uri)
        is_ours = parts.scheme == "https" and parts.netloc.endswith(HOST_ENDS_IN)
        name = unquote(parts.path.removeprefix(PATH_BEGINS_WITH), errors="strict")
    except ValueError:
        return ""
    is_plain = parts.path.startswith(PATH_BEGINS_WITH) and not (parts.query or parts.fragment)
    return name if is_ours and is_plain else ""
