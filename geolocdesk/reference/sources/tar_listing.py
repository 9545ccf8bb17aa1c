"""The members of an uncompressed tar file, header by header.

Layout: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header"; GNU tar manual, "Basic Tar
Format" for long names and big numbers.
"""

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

_BLOCK = 512
_LONGEST_EXTENSION = 1 << 20
"""Bytes that a long name or a pax header may take."""

_FILES = (b"0", b"\0", b"7")
_FOLDER = b"5"
_LONG_NAME, _LONG_LINK, _PAX, _PAX_FOR_ALL = b"L", b"K", b"x", b"g"
_KINDS = {
    b"1": "it is a link to another file of the tar",
    b"2": "it is a link to another file",
    b"S": "it is stored as a sparse file; pack it anew",
}


class _DamagedHeaderError(ValueError):
    """A header makes no sense."""


@dataclass(frozen=True, slots=True)
class _Header:
    name: str
    size_bytes: int
    kind: bytes


@dataclass(slots=True)
class _Extension:
    """What extension headers say about the next file."""

    name: str = ""
    size_bytes: int = -1


def check_tar(path: Path) -> None:
    """Raise SourceError where a file is no uncompressed tar."""
    try:
        with path.open("rb") as stream:
            start = stream.read(_BLOCK)
    except OSError as error:
        raise cannot_read(path, error.strerror or "unknown reason") from error
    if start.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")):
        reason = (
            "it is compressed, and photos in it cannot be reached one by one; uncompress it first, for example "
            "with “gunzip” (photos hardly get smaller by it)"
        )
        raise cannot_read(path, reason)
    try:
        if start.strip(b"\0"):
            _parse(start)
    except _DamagedHeaderError as error:
        raise cannot_read(path, "it is no tar file") from error


def tar_members(path: Path) -> Iterator[Member]:
    """Yield every file of a tar in its own order, folders left out.

    Links, repeated names and the like come as rejected members, and so does what is left of a damaged file.
    Raises SourceError where the file is no tar or reading fails.
    """
    check_tar(path)
    seen = SeenNames()
    try:
        with path.open("rb") as stream:
            size_bytes = stream.seek(0, 2)
            for member in _walk(path, stream, size_bytes):
                if member.packed and seen.repeated(member.name):
                    reason = "the tar holds another file of the same name before it"
                    yield rejected_member(member.name, reason)
                else:
                    yield member
    except OSError as error:
        raise cannot_read(path, error.strerror or "unknown reason") from error


def _walk(path: Path, stream: BufferedReader, file_bytes: int) -> Iterator[Member]:
    at = 0
    extension = _Extension()
    while True:
        stream.seek(at)
        block = stream.read(_BLOCK)
        if not block.strip(b"\0"):  # the end, or nothing more
            if at > file_bytes:
                yield rest_of(path, "the tar is cut short")
            return
        try:
            header = _parse(block)
        except _DamagedHeaderError as error:
            yield rest_of(path, f"the tar is damaged {at} bytes from its beginning ({error})")
            return
        begins = at + _BLOCK
        size = header.size_bytes if extension.size_bytes < 0 else extension.size_bytes
        name = extension.name or header.name
        if begins + size > file_bytes:
            yield rest_of(path, "the tar is cut short")
            return
        at = begins + -(-size // _BLOCK) * _BLOCK
        if header.kind in (_LONG_NAME, _LONG_LINK, _PAX, _PAX_FOR_ALL):
            if size > _LONGEST_EXTENSION:
                yield rest_of(path, f"a header of the tar takes {size} bytes, which no honest one does")
                return
            _extend(extension, header.kind, stream.read(size))
            continue
        extension = _Extension()
        if header.kind != _FOLDER:
            yield _member(path, name, header.kind, begins, size)


def _member(path: Path, name: str, kind: bytes, offset: int, size_bytes: int) -> Member:
    if fault := fault_of_name(name):
        return rejected_member(name, fault)
    if kind not in _FILES:
        return rejected_member(name, _KINDS.get(kind, "it is not an ordinary file"))
    return Member(name, PackedFile(path, name, offset, size_bytes, size_bytes))


def _parse(block: bytes) -> _Header:
    """Return what a header block says. Raises _DamagedHeaderError."""
    if len(block) < _BLOCK:
        message = "it ends within a header"
        raise _DamagedHeaderError(message)
    without_sum = block[:148] + b" " * 8 + block[156:]
    stated = _number(block[148:156])
    if stated != sum(without_sum) and stated != _signed_sum(without_sum):
        message = "a header's checksum is wrong"
        raise _DamagedHeaderError(message)
    name = _text(block[:100])
    if block[257:263] == b"ustar\0" and (prefix := _text(block[345:500])):
        name = f"{prefix}/{name}"
    kind = block[156:157]
    if kind in (b"0", b"\0") and name.endswith("/"):
        kind = _FOLDER
    links = kind in (b"1", b"2", _FOLDER)
    return _Header(_plain(name), 0 if links else _number(block[124:136]), kind)


def _signed_sum(block: bytes) -> int:
    """Return the sum that some old programs wrote."""
    return sum(byte - 256 if byte > 127 else byte for byte in block)


def _number(field: bytes) -> int:
    if field[0] & 0x80:
        if field[0] != 0x80:
            message = "a number is negative or too large"
            raise _DamagedHeaderError(message)
        return int.from_bytes(field[1:], "big")
    digits = field.split(b"\0")[0].strip()
    try:
        number = int(digits, 8) if digits else 0
    except ValueError as error:
        message = "a number is not octal"
        raise _DamagedHeaderError(message) from error
    if number < 0:
        message = "a number is negative"
        raise _DamagedHeaderError(message)
    return number


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("utf-8", "replace")


def _plain(name: str) -> str:
    """Return a name without the ``./`` that tar puts before what it was told to pack as ``.``."""
    while name.startswith("./"):
        name = name[2:].lstrip("/")
    return name


def _extend(extension: _Extension, kind: bytes, content: bytes) -> None:
    if kind == _LONG_NAME:
        extension.name = _plain(_text(content))
    if kind == _PAX:
        for key, value in _pax_records(content):
            if key == b"path":
                extension.name = _plain(value.decode("utf-8", "replace"))
            elif key == b"size" and value.isdigit() and len(value) < 20:
                extension.size_bytes = int(value)


def _pax_records(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the ``length key=value`` records, as far as they make sense."""
    while content:
        digits, space, _ = content.partition(b" ")
        if not space or not digits.isdigit() or len(digits) > 7:
            return
        length = int(digits)
        record = content[len(digits) + 1 : length]
        if length <= len(digits) + 1 or not record.endswith(b"\n"):
            return
        key, _, value = record[:-1].partition(b"=")
        yield key, value
        content = content[length:]
