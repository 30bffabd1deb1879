"""What each verb's `--json` answers, as JSON Schema: one committed file a verb.

`python -m xchat.certs.schemas` writes the files from the structs of this table; a test compares
them. Programs may rely on them: fields are added, never renamed or taken away.
"""

from __future__ import annotations

from importlib import import_module, resources
from typing import Any

import msgspec

from xchat.certs.command import Failure

SHAPES = {
    "init": "xchat.pki.wish:Outcome",
    "status": "xchat.pki.show:Report",
    "renew": "xchat.pki.renew:Renewed",
    "add-name": "xchat.pki.renew:Renewed",
    "doctor": "xchat.pki.judge.doctor:Health",
    "invite": "xchat.chat.admin.shapes:NewInvite",
    "device add": "xchat.pki.device.give:Given",
    "device list": "xchat.pki.device.overview:Devices",
    "device revoke": "xchat.pki.device.overview:Revoked",
    "verify": "xchat.pki.show:Verification",
    "show": "xchat.pki.show:Seen",
    "export p12": "xchat.pki.export:Exported",
    "export pem": "xchat.pki.export:Exported",
    "export bundle": "xchat.pki.export:Exported",
    "rotate issuer": "xchat.pki.rotation.switch:Rotated",
    "rotate root": "xchat.pki.rotation.switch:Rotated",
    "rotate finish": "xchat.pki.rotation.switch:Rotated",
    "lock": "xchat.pki.lock:Locking",
    "unlock": "xchat.pki.lock:Locking",
    "trust install": "xchat.pki.trust.report:Trusted",
    "trust uninstall": "xchat.pki.trust.report:Trusted",
}
"""The type of each verb's answer, by the words of the verb: module:name."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def file_of(verb: str) -> str:
    """Return the name of a verb's schema: `device-add.json` for `device add`."""
    return f"{verb.replace(' ', '-')}.json"


def schema_of(verb: str) -> str:
    """Return a verb's schema as it was committed."""
    return resources.files(__name__).joinpath(file_of(verb)).read_text("utf-8")


def make_schema(verb: str) -> str:
    """Return a verb's schema as its struct has it now: an answer, or a failure."""
    refs, parts = msgspec.json.schema_components(
        [_shape(verb), Failure], ref_template="#/$defs/{name}"
    )
    for part in parts.values():
        part["description"] = " ".join(part.get("description", "").split())
    whole = {
        "$schema": DIALECT,
        "title": f"xchat-certs {verb} --json",
        "anyOf": list(refs),
        "$defs": parts,
    }
    return msgspec.json.format(msgspec.json.encode(whole)).decode() + "\n"


def _shape(verb: str) -> Any:
    module, _, name = SHAPES[verb].partition(":")
    return getattr(import_module(module), name)
