"""What the last successful connection was, so that the next needs no words.

`client.toml` in the platform's config folder: host, port, nick, ca, channel, account, and where
our own certificate lies. Written after a success and never before, whole or not at all; no secret
is in it. The same of every server that was reached is kept beside it (`keyring`).
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import msgspec

from xchat.client.certificate import Own
from xchat.client.peer import Peer
from xchat.errors import ConfigError, UsageError

CA_HERE = Path("certs/ca.pem")
FILE = "client.toml"


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One server, as it was reached."""

    host: str = ""
    port: int = 8080
    nick: str = ""
    ca: str = ""
    channel: str = ""
    account: str = ""
    cert: str = ""
    key: str = ""

    @property
    def peer(self) -> Peer | None:
        """Where to connect, if anything is known."""
        return Peer(self.host, self.port) if self.host else None


def config_folder() -> Path:
    """Return the platform's folder for what is kept."""
    from platformdirs import user_config_path

    return user_config_path("xchat", appauthor=False)


def profile_path() -> Path:
    """Return where the profile of the last server is kept."""
    return config_folder() / FILE


def load(path: Path) -> Profile:
    """Read the profile; an empty one where there is none. Raises ConfigError."""
    import msgspec.toml

    try:
        return msgspec.toml.decode(path.read_bytes(), type=Profile)
    except FileNotFoundError:
        return Profile()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}", mend=f"Mend it or remove it: rm {path}") from error


def save(path: Path, profile: Profile) -> None:
    """Write the profile, in place of the old one. Raises OSError, UnicodeEncodeError."""
    data = _written(profile).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)


def _written(profile: Profile) -> str:
    """Return the profile in TOML, whose strings are those of JSON but for DEL."""
    lines = ["# the last server that xchat-client reached; written by itself"]
    for key, value in msgspec.structs.asdict(profile).items():
        text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        lines.append(f"{key} = {text}")
    return "".join(f"{line}\n" for line in lines)


def choose_ca(given: Path | None, profile: Profile, peer: Peer) -> Path:
    """Return the file to trust: `--ca`, else what this server was reached with, else certs/ca.pem.

    The CA of another server's profile comes last: it is better than none, and said aloud.
    """
    if given is not None:
        return given
    if profile.ca and profile.peer == peer:
        return Path(profile.ca)
    return Path(profile.ca) if profile.ca and not CA_HERE.exists() else CA_HERE


def choose_own(cert: Path | None, key: Path | None, profile: Profile, peer: Peer) -> Own | None:
    """Return what to log in by: `--cert`, else what this server was reached with.

    What another server knows us by is not shown to this one. Raises UsageError.
    """
    if cert is not None:
        return Own(cert, key or cert)
    if key is not None:
        raise UsageError("--key wants --cert", mend=f"--cert FILE --key {key}")
    if profile.cert and profile.peer == peer:
        return Own(Path(profile.cert), Path(profile.key or profile.cert))
    return None
