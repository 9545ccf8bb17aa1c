"""The directory of a ZIP file, read member by member in its own order and never held whole.

Layout: PKWARE, APPNOTE.TXT, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14 to 4.3.16 (its
end, also of ZIP64), 4.5.3 (ZIP64 sizes).
"""

import os
import struct
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from geolocdesk.evidence.packed import PackedFile
from geolocdesk.reference.sources.container import (
    Member,
    SeenNames,
    cannot_read,
    fault_of_name,
    rejected_member,
    rest_of,
)

_END = struct.Struct("<4s4H2IH")
_END_64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR_64 = struct.Struct("<4sIQI")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_LOCAL = struct.Struct("<4s5H3I2H")
_LONGEST_COMMENT = 0xFFFF
_FULL_32 = 0xFFFFFFFF

_ENCRYPTED = 0x0001 | 0x0040
_UTF_8 = 0x0800
_STORED, _DEFLATED = 0, 8
_METHODS = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 98: "PPMd", 99: "AES"}
_DIRECTORY_ATTRIBUTE = 0x10


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of the central directory, sizes and offset of ZIP64 filled in."""

    name: str
    raw_name: bytes
    flags: int
    method: int
    crc32: int
    stored_bytes: int
    size_bytes: int
    header_offset: int
    length: int
    """Of the entry itself."""


class ZipListing:
    """A ZIP file's directory."""

    def __init__(self, path: Path) -> None:
        """Find the directory. Raises SourceError where the file is no ZIP that can be read."""
        self.path = path
        try:
            with path.open("rb") as stream:
                self._start, self._size, self._shift = _find_directory(path, stream)
        except OSError as error:
            raise cannot_read(path, error.strerror or "unknown reason") from error

    def members(self) -> Iterator[tuple[int, Member]]:
        """Yield every file and where in the directory it is listed, folders left out.

        Encrypted members, repeated names, members that share bytes and the like come as rejected ones, and so
        does the rest of a damaged directory. Raises SourceError where reading fails.
        """
        seen, taken = SeenNames(), _Ranges()
        try:
            with self.path.open("rb") as directory, self.path.open("rb") as content:
                directory.seek(self._start)
                position, end = self._start, self._start + self._size
                while position < end:
                    entry = _read_entry(directory, end - position)
                    if entry is None:
                        yield position, rest_of(self.path, "the ZIP's directory is damaged")
                        return
                    if not entry.name.endswith("/"):
                        yield position, self._member(entry, content, seen, taken)
                    position += entry.length
        except OSError as error:
            raise cannot_read(self.path, error.strerror or "unknown reason") from error

    def member_at(self, position: int) -> Member | None:
        """Return the member listed at a place that ``members`` gave. Raises SourceError where reading fails."""
        try:
            with self.path.open("rb") as stream:
                stream.seek(position)
                entry = _read_entry(stream, self._start + self._size - position)
                return None if entry is None else self._member(entry, stream, SeenNames(), _Ranges())
        except OSError as error:
            raise cannot_read(self.path, error.strerror or "unknown reason") from error

    def _member(self, entry: _Entry, content: BufferedReader, seen: SeenNames, taken: "_Ranges") -> Member:
        if fault := _fault_of(entry):
            return rejected_member(entry.name, fault)
        if seen.repeated(entry.name):
            return rejected_member(entry.name, "the ZIP lists another file of the same name before it")
        offset = self._data_offset(entry, content)
        if offset is None:
            return rejected_member(entry.name, "the ZIP is damaged or cut short where it lies")
        if not taken.add(offset, offset + entry.stored_bytes):
            return rejected_member(entry.name, "it shares its bytes with another file of the ZIP")
        packed = PackedFile(
            container=self.path,
            name=entry.name,
            offset=offset,
            stored_bytes=entry.stored_bytes,
            size_bytes=entry.size_bytes,
            deflated=entry.method == _DEFLATED,
            crc32=entry.crc32,
        )
        return Member(entry.name, packed)

    def _data_offset(self, entry: _Entry, content: BufferedReader) -> int | None:
        """Return where the member's bytes begin, or None where its own header disagrees with the directory."""
        header_offset = entry.header_offset + self._shift
        if not 0 <= header_offset < self._start:
            return None
        content.seek(header_offset)
        header = content.read(_LOCAL.size)
        if len(header) < _LOCAL.size:
            return None
        signature, *_, name_length, extra_length = _LOCAL.unpack(header)
        if signature != b"PK\3\4" or content.read(name_length) != entry.raw_name:
            return None
        offset = header_offset + _LOCAL.size + name_length + extra_length
        fits = offset + entry.stored_bytes <= self._start
        honest = entry.method == _DEFLATED or entry.stored_bytes == entry.size_bytes
        return offset if fits and honest else None


def _fault_of(entry: _Entry) -> str:
    """Return why a member cannot be read, as far as its entry tells, or an empty text."""
    if fault := fault_of_name(entry.name):
        return fault
    if entry.flags & _ENCRYPTED:
        return "it is encrypted; unpack the ZIP with its password first"
    if entry.method not in (_STORED, _DEFLATED):
        method = _METHODS.get(entry.method, f"method {entry.method}")
        return f"it is compressed with {method}; pack it anew with Deflate"
    return ""


class _Ranges:
    """The bytes that members have taken so far, sixteen bytes a member."""

    def __init__(self) -> None:
        self._starts = array("Q")
        self._ends = array("Q")

    def add(self, start: int, end: int) -> bool:
        """Return whether nobody has any of the bytes, and take them."""
        if start == end:
            return True
        at = bisect_left(self._starts, start)
        if at > 0 and self._ends[at - 1] > start:
            return False
        if at < len(self._starts) and self._starts[at] < end:
            return False
        self._starts.insert(at, start)
        self._ends.insert(at, end)
        return True


def _find_directory(path: Path, stream: BufferedReader) -> tuple[int, int, int]:
    """Return where the directory begins, its size, and by how much every offset in it is too small."""
    file_size = stream.seek(0, os.SEEK_END)
    tail_start = max(0, file_size - _END.size - _LONGEST_COMMENT)
    stream.seek(tail_start)
    tail = stream.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        raise cannot_read(path, "it is no ZIP, or its end is missing; get it again from where it came from")
    _, disk, first_disk, here, total, size, offset, _ = _END.unpack_from(tail, at)
    end = tail_start + at
    if end >= _LOCATOR_64.size:
        stream.seek(end - _LOCATOR_64.size)
        signature, _, place, _ = _LOCATOR_64.unpack(stream.read(_LOCATOR_64.size))
        if signature == b"PK\6\7":
            # what was put before the ZIP moved this as well: it lies just before its locator
            for candidate in (place, end - _LOCATOR_64.size - _END_64.size):
                stream.seek(min(candidate, file_size))
                record = stream.read(_END_64.size)
                if len(record) == _END_64.size and record.startswith(b"PK\6\6"):
                    _, _, _, _, disk, first_disk, here, total, size, offset = _END_64.unpack(record)
                    end = candidate
                    break
    if disk or first_disk or here != total:
        raise cannot_read(path, "it is one part of a split ZIP; join the parts first")
    start = end - size
    if start < 0 or start < offset:
        raise cannot_read(path, "its directory is damaged; get it again from where it came from")
    return start, size, start - offset


def _read_entry(directory: BufferedReader, room: int) -> _Entry | None:
    """Return the entry that begins here, or None where there is none within ``room`` bytes."""
    fixed = directory.read(_ENTRY.size)
    if len(fixed) < _ENTRY.size or room < _ENTRY.size:
        return None
    (signature, _, _, flags, method, _, _, crc32, stored, size, name_length, extra_length, comment_length) = (
        _ENTRY.unpack(fixed)[:13]
    )
    attributes, offset = _ENTRY.unpack(fixed)[15:]
    length = _ENTRY.size + name_length + extra_length + comment_length
    variable = directory.read(name_length + extra_length + comment_length)
    if signature != b"PK\1\2" or length > room or len(variable) < length - _ENTRY.size:
        return None
    raw_name, extra = variable[:name_length], variable[name_length : name_length + extra_length]
    size, stored, offset = _sizes_of_zip64(extra, size, stored, offset)
    name = raw_name.decode("utf-8" if flags & _UTF_8 else "cp437", "replace").replace("\\", "/")
    if attributes & _DIRECTORY_ATTRIBUTE and not size and not name.endswith("/"):
        name += "/"
    return _Entry(name, raw_name, flags, method, crc32, stored, size, offset, length)


def _sizes_of_zip64(extra: bytes, size: int, stored: int, offset: int) -> tuple[int, int, int]:
    values = [size, stored, offset]
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            field = extra[at + 4 : at + 4 + length]
            for index, value in enumerate(values):
                if value == _FULL_32 and len(field) >= 8:
                    values[index] = int.from_bytes(field[:8], "little")
                    field = field[8:]
            break
        at += 4 + length
    return values[0], values[1], values[2]
