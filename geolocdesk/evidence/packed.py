"""A photo inside a container, such as a ZIP or a tar: named by where its bytes lie, and read in place.

Nothing is ever unpacked to disk, so a member's name cannot lead anywhere; and no more is inflated than the
container's own listing promised.
"""

import hashlib
import io
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from geolocdesk.errors import EvidenceError
from geolocdesk.evidence.source import SourceFile, empty_file, open_evidence, too_large_file
from geolocdesk.evidence.untrusted import shown_path

_BLOCK_BYTES = 1 << 16
_NO_SUM = -1
"""Stands for a checksum that the container does not have."""


@dataclass(frozen=True, slots=True)
class PackedFile:
    """One member of a container, by the bytes it takes up there."""

    container: Path
    name: str
    """As the container names it; untrusted."""
    offset: int
    """Of the stored bytes, from the beginning of the container."""
    stored_bytes: int
    size_bytes: int
    """Once inflated; the same as ``stored_bytes`` where it is not deflated."""
    deflated: bool = False
    crc32: int = _NO_SUM

    @property
    def path(self) -> Path:
        """Return how it is shown and recorded: ``shards.zip!/folder/photo.jpg``."""
        return Path(f"{self.container}!", *self.name.split("/"))

    def to_json(self) -> dict[str, str | int | bool]:
        """Return it as plain JSON values, the container's path made absolute."""
        return {
            "container": str(self.container.absolute()),
            "name": self.name,
            "offset": self.offset,
            "stored_bytes": self.stored_bytes,
            "size_bytes": self.size_bytes,
            "deflated": self.deflated,
            "crc32": self.crc32,
        }

    @classmethod
    def from_json(cls, value: dict[str, str | int | bool]) -> "PackedFile":
        """Return what ``to_json`` wrote."""
        return cls(
            container=Path(str(value["container"])),
            name=str(value["name"]),
            offset=int(value["offset"]),
            stored_bytes=int(value["stored_bytes"]),
            size_bytes=int(value["size_bytes"]),
            deflated=bool(value["deflated"]),
            crc32=int(value["crc32"]),
        )


class SeekableBytes(Protocol):
    """An open container."""

    def seek(self, offset: int, /) -> int:
        """Go there."""
        ...

    def read(self, size: int, /) -> bytes | None:
        """Return up to so many bytes."""
        ...


Photo = Path | PackedFile
"""Where a photo is: a file of its own, or a member of a container."""


def path_of(photo: Photo) -> Path:
    """Return the path under which a photo is shown and recorded."""
    return photo.path if isinstance(photo, PackedFile) else photo


def read_packed(photo: PackedFile, max_bytes: int) -> SourceFile:
    """Return a member's bytes and their SHA-256, from one reading of the container. Raises EvidenceError."""
    path = photo.path
    if max(photo.size_bytes, photo.stored_bytes) > max_bytes:
        raise too_large_file(path, max_bytes)
    if photo.size_bytes == 0:
        raise empty_file(path)
    with (
        open_evidence(photo.container) as descriptor,
        os.fdopen(descriptor, "rb", buffering=0, closefd=False) as container,
    ):
        before = os.fstat(descriptor)
        content = _content(photo, container)
        after = os.fstat(descriptor)
    changed = (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)
    return SourceFile(content, hashlib.sha256(content).hexdigest(), changed)


def _content(photo: PackedFile, container: SeekableBytes) -> bytes:
    path = photo.path
    try:
        stream = MemberStream(photo, container)
        content = stream.read(photo.size_bytes)
        surplus = bool(stream.read(1))
    except zlib.error as error:
        raise _damaged(path, "its compressed data make no sense") from error
    if len(content) < photo.size_bytes:
        raise _damaged(path, "the container ends before it does")
    if surplus:
        raise _damaged(path, "it unpacks to more than the container says")
    if photo.crc32 != _NO_SUM and zlib.crc32(content) != photo.crc32:
        raise _damaged(path, "its checksum is wrong")
    return content


def _damaged(path: Path, reason: str) -> EvidenceError:
    message = f"{shown_path(path)} is damaged ({reason}): get the container again from where it came from."
    return EvidenceError(kind="damaged", path=path, message=message)


class MemberStream(io.RawIOBase):
    """A member's content, inflated as it is read, never more of it at once than was asked for.

    Reading raises OSError, or zlib.error where the compressed data are damaged. A member that is cut short
    ends early.
    """

    def __init__(self, photo: PackedFile, container: SeekableBytes) -> None:
        self._container = container
        self._next = photo.offset
        self._left = photo.stored_bytes
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS) if photo.deflated else None

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return as many bytes as asked for, fewer only at the end."""
        if size < 0:
            return b"".join(iter(lambda: self.read(_BLOCK_BYTES), b""))
        blocks: list[bytes] = []
        while size > 0 and (block := self._some(size)):
            blocks.append(block)
            size -= len(block)
        return blocks[0] if len(blocks) == 1 else b"".join(blocks)

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # any buffer will do
        """Fill the buffer as far as there is anything left."""
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def _some(self, most: int) -> bytes:
        if self._inflater is None:
            return self._stored(most)
        while not self._inflater.eof:
            waiting = self._inflater.unconsumed_tail or self._stored(_BLOCK_BYTES)
            if block := self._inflater.decompress(waiting, most):
                return block
            if not waiting:
                break
        return b""

    def _stored(self, most: int) -> bytes:
        self._container.seek(self._next)
        block = self._container.read(min(most, self._left)) or b""
        self._next += len(block)
        self._left -= len(block)
        return block
