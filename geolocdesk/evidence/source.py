"""A photo's bytes: read once, hashed, and nothing about the file changed."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from geolocdesk.errors import EvidenceError
from geolocdesk.evidence.untrusted import shown_path

# Flags that only some systems have. O_NOATIME keeps even the time of last access as it was.
_O_BINARY = getattr(os, "O_BINARY", 0)
_O_NOATIME = getattr(os, "O_NOATIME", 0)
_READ_FLAGS = os.O_RDONLY | _O_BINARY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)

_KINDS = (
    (stat.S_ISLNK, "a symbolic link: name the file that it points to"),
    (stat.S_ISDIR, "a folder that cannot be taken in as a photo: name the photos in it"),
    (stat.S_ISFIFO, "a pipe and not a file"),
    (stat.S_ISSOCK, "a socket and not a file"),
    (stat.S_ISCHR, "a device and not a file"),
    (stat.S_ISBLK, "a device and not a file: take an image of it first"),
)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The bytes of one file, exactly those that were hashed."""

    content: bytes
    sha256: str
    changed: bool
    """The file's size or time changed while it was read."""


def read_once(path: Path, max_bytes: int) -> SourceFile:
    """Return the file's bytes and their SHA-256, from one reading. Raises EvidenceError.

    The file is opened for reading only. Symbolic links, folders, pipes and devices are refused unopened.
    """
    with open_evidence(path) as descriptor:
        before = os.fstat(descriptor)
        content = _read_all(path, descriptor, before.st_size, max_bytes)
        after = os.fstat(descriptor)
    if not content:
        raise empty_file(path)
    changed = (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)
    return SourceFile(content, hashlib.sha256(content).hexdigest(), changed or len(content) != after.st_size)


def empty_file(path: Path) -> EvidenceError:
    """Return what is said of a photo without a byte in it."""
    message = f"{shown_path(path)} is empty: get the file again from where it came from."
    return EvidenceError(kind="empty", path=path, message=message)


def too_large_file(path: Path, max_bytes: int) -> EvidenceError:
    """Return what is said of a photo with more bytes than are accepted."""
    message = (
        f"{shown_path(path)} is larger than the {max_bytes / 2**20:,.0f} MiB that are accepted for one photo."
    )
    return EvidenceError(kind="too_large", path=path, message=message)


@contextmanager
def open_evidence(path: Path) -> Iterator[int]:
    """Give the descriptor of the file, opened for reading only. What the system refuses is an EvidenceError.

    Symbolic links, folders, pipes and devices are refused unopened.
    """
    try:
        descriptor = _open_regular(path)
        try:
            yield descriptor
        finally:
            os.close(descriptor)
    except OSError as error:
        reason = error.strerror or "unknown reason"
        message = f"{shown_path(path)} could not be read ({reason}): check its permissions and the drive."
        raise EvidenceError(kind="unreadable", path=path, message=message) from error


def _open_regular(path: Path) -> int:
    try:
        _refuse_what_is_no_file(path, path.lstat())
        descriptor = _open_for_reading(path)
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:  # ValueError: a NUL in the name
        message = f"There is no file {shown_path(path)}: check its name."
        raise EvidenceError(kind="not_found", path=path, message=message) from error
    try:
        _refuse_what_is_no_file(path, os.fstat(descriptor))
    except EvidenceError:
        os.close(descriptor)
        raise
    return descriptor


def _open_for_reading(path: Path) -> int:
    try:
        return os.open(path, _READ_FLAGS | _O_NOATIME)
    except PermissionError:  # O_NOATIME is for the file's owner only
        return os.open(path, _READ_FLAGS)


def _refuse_what_is_no_file(path: Path, status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    what = next((text for is_kind, text in _KINDS if is_kind(status.st_mode)), "not a file")
    message = f"{shown_path(path)} is {what}."
    raise EvidenceError(kind="unreadable", path=path, message=message)


def _read_all(path: Path, descriptor: int, expected_bytes: int, max_bytes: int) -> bytes:
    blocks: list[bytes] = []
    size_bytes = 0
    if expected_bytes <= max_bytes:
        # One byte more than expected, so that a file that grew is noticed and the end is reached in one call.
        while block := os.read(descriptor, max(expected_bytes + 1 - size_bytes, 1 << 16)):
            blocks.append(block)
            size_bytes += len(block)
            if size_bytes > max_bytes:
                break
    if max(expected_bytes, size_bytes) > max_bytes:
        raise too_large_file(path, max_bytes)
    return blocks[0] if len(blocks) == 1 else b"".join(blocks)
