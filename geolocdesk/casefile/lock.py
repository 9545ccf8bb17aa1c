"""The right to write a case: an operating-system lock beside the file, which ends with the process."""

import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from geolocdesk.errors import CaseError

LOCK_SUFFIX = ".lock"

_LOCKED_BYTE = 1 << 30
"""Windows locks bytes, not files, and refuses reads of them: lock one far behind the holder's name."""


@dataclass(frozen=True, slots=True)
class LockHolder:
    """Who writes the case now, as far as the lock file tells."""

    process_id: int
    host: str
    since: str


class CaseLockedError(CaseError):
    """Somebody else is writing the case; it can still be opened for reading."""

    def __init__(self, path: Path, holder: LockHolder | None) -> None:
        who = "another geolocdesk"
        if holder is not None:
            who = f"another geolocdesk (process {holder.process_id} on {holder.host}, since {holder.since})"
        super().__init__(
            f"{path} is open in {who}. Close it there, or open it here for reading only; nothing was changed."
        )
        self.path = path
        self.holder = holder


class CaseLock:
    """Held from ``__init__`` to ``release``. Raises CaseLockedError or CaseError.

    The lock is the operating system's: it goes when the process goes, however it ends, so a lock file that
    a killed program left behind keeps nobody out. The case file itself stays untouched, hash included.
    """

    def __init__(self, case_path: Path, host: str, since: str) -> None:
        self.path = lock_path(case_path)
        self._stream = _locked_stream(case_path, self.path)
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


def lock_path(case_path: Path) -> Path:
    """Return where the lock of a case lies; two names of one file share it."""
    resolved = case_path.resolve()
    return resolved.with_name(resolved.name + LOCK_SUFFIX)


def _locked_stream(case_path: Path, path: Path) -> BinaryIO:
    while True:
        try:
            stream = os.fdopen(
                os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644), "r+b"
            )
        except OSError as error:
            message = (
                f"The folder {path.parent} cannot be written to ({error.strerror}), so {case_path.name} cannot be "
                "changed there. Open it for reading only, or copy it to a folder you can write to."
            )
            raise CaseError(message) from error
        if not _lock(stream):
            holder = _read_holder(stream)
            stream.close()
            raise CaseLockedError(case_path, holder)
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
