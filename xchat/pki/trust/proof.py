"""Try whether the system trusts a root: a TLS verification with nothing but the system's store.

First by Python's own OpenSSL (`create_default_context`, as every Python client has it). A Python
that brings its own roots never looks at the system's, so where that says no, the `openssl` program
is asked too, if there is one.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from xchat.pki.judge import openssl
from xchat.pki.judge.rules import in_words
from xchat.pki.trust.roots import Root
from xchat.pki.trust.stores import located, run


def refusal(root: Root) -> str | None:
    """Return why the system does not trust a root, None if it does."""
    return _by_python(root) and _by_program(root)


def _by_python(root: Root) -> str | None:
    """Return what OpenSSL says of the server's chain or, without one, of the root by itself.

    A root is no server's certificate, which OpenSSL says only after it has found its anchor: so
    any word but of the anchor is one of trust.
    """
    context = openssl.strict(ssl.create_default_context())
    if root.chain:
        said = openssl.refusal_by(context, root.chain, root.name)
        return said and in_words(said).rule
    context.check_hostname = False
    said = openssl.refusal_by(context, [root.certificate], None)
    return in_words(said).rule if said and in_words(said).kind == "issuer" else None


def _by_program(root: Root) -> str | None:
    """Return the first word of `openssl verify` that is not of thanks."""
    if located("openssl") is None:
        return "the system's store does not lead to it"
    leaf, *rest = root.chain or (root.certificate,)
    env = {key: value for key, value in os.environ.items() if not key.startswith("SSL_CERT_")}
    with tempfile.TemporaryDirectory() as folder:
        mine, others = Path(folder, "leaf.pem"), Path(folder, "rest.pem")
        mine.write_bytes(_pem(leaf))
        others.write_bytes(b"".join(map(_pem, rest)))
        words = ("-untrusted", str(others), "-purpose", "sslserver") if rest else ()
        done = run("openssl", "verify", *words, str(mine), env=env)
    said = (done.stdout + done.stderr).strip().splitlines()
    return None if done.returncode == 0 else in_words(next(iter(said[-2:-1]), "")).rule


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)
