"""The right to write something: an operating-system lock on a file beside it, which ends with the process."""

import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_LOCKED_BYTE = 1 << 30
"""Windows locks bytes, not files, and refuses reads of them: lock one far behind the holder's name."""


@dataclass(frozen=True, slots=True)
class LockHolder:
    """Who holds a lock now, as far as the lock file tells."""

    process_id: int
    host: str
    since: str

    def __str__(self) -> str:
        return f"another geolocdesk (process {self.process_id} on {self.host}, since {self.since})"


class LockHeldError(Exception):
    """Somebody else holds the lock; ``holder`` is None where the lock file does not tell who."""

    def __init__(self, holder: LockHolder | None) -> None:
        super().__init__(str(holder or "another geolocdesk"))
        self.holder = holder


class FileLock:
    """Held from ``__init__`` to ``release``. Raises LockHeldError, or OSError where no file can be made.

    The lock is the operating system's: it goes when the process goes, however it ends, so a lock file that
    a killed program left behind keeps nobody out.
    """

    def __init__(self, path: Path, host: str, since: str) -> None:
        self.path = path
        self._stream = _locked_stream(path)
        holder = json.dumps({"process_id": os.getpid(), "host": host, "since": since})
        # The lock holds without the holder's name, which only serves the message others see.
        with suppress(OSError):
            self._stream.truncate(0)
            self._stream.seek(0)
            self._stream.write(holder.encode("utf-8"))
            self._stream.flush()

    def release(self) -> None:
        """Give the right to write back and remove the lock file. A second call does nothing."""
        if self._stream.closed:
            return
        if sys.platform == "win32":
            _unlock(self._stream)
            _close(self._stream)
            _remove(self.path)
        else:
            # Removed while still locked, so that nobody's fresh lock file is the one removed.
            _remove(self.path)
            _close(self._stream)


def _locked_stream(path: Path) -> BinaryIO:
    while True:
        stream = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644), "r+b")
        if not _lock(stream):
            holder = _read_holder(stream)
            stream.close()
            raise LockHeldError(holder)
        if _is_still(stream, path):
            return stream
        # Its holder removed the file between our opening and our locking it: take the new one.
        stream.close()


def _is_still(stream: BinaryIO, path: Path) -> bool:
    if sys.platform == "win32":
        return True  # Windows removes no file that somebody has open
    try:
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _read_holder(stream: BinaryIO) -> LockHolder | None:
    try:
        value = json.loads(stream.read(4096))
        return LockHolder(int(value["process_id"]), str(value["host"]), str(value["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


if sys.platform == "win32":
    import msvcrt

    def _lock(stream: BinaryIO) -> bool:
        stream.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            stream.seek(0)
        return True

    def _unlock(stream: BinaryIO) -> None:
        stream.seek(_LOCKED_BYTE)
        msvcrt.locking(stream.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(stream: BinaryIO) -> bool:
        try:
            fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def _close(stream: BinaryIO) -> None:
    # On a full disk the holder's name cannot be flushed; the lock goes with the descriptor all the same.
    with suppress(OSError):
        stream.close()


def _remove(path: Path) -> None:
    # A lock file left behind keeps nobody out.
    with suppress(OSError):
        path.unlink(missing_ok=True)
