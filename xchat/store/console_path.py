"""Where the administration finds the running server: a Unix socket in its data folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xchat.errors import XChatError
from xchat.limits import SOCKET_PATH_BYTES_MAX

SOCKET_NAME = "admin.sock"


@contextmanager
def socket_address(folder: Path) -> Iterator[str]:
    """Yield the socket's address, short enough to bind and connect to (unix(7): 107 bytes).

    Where the folder's own path is too long, Linux finds it by a descriptor of the
    folder; elsewhere XChatError says so.
    """
    address = str(folder / SOCKET_NAME)
    if len(os.fsencode(address)) <= SOCKET_PATH_BYTES_MAX:
        yield address
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        near = Path(f"/proc/self/fd/{descriptor}")
        if not near.is_dir():
            raise XChatError(
                f"{address}: a socket's path has at most {SOCKET_PATH_BYTES_MAX} bytes",
                mend="give a data folder with a shorter path: --data FOLDER",
            )
        yield str(near / SOCKET_NAME)
    finally:
        os.close(descriptor)
