"""Cell arrays out of MATLAB files of version 5 to 7.2, streamed: no more than one cell is held at a time.

Source: MathWorks, *MAT-File Format* (the level 5 format), chapter 1.
"""

import io
import math
import struct
import zlib
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from geolocdesk.errors import SourceError
from geolocdesk.reference.sources.matlab_cells import LARGEST_CELL_BYTES, Cell, cannot_read

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_HEADER_BYTES = 128
_TAG_BYTES = 8
_BLOCK_BYTES = 1 << 16
_MOST_VARIABLES = 10_000
_LONGEST_PREAMBLE_PART = 256
"""Bytes of a variable's dimensions, or of its name."""

_INT8, _INT32, _UINT32, _MATRIX, _COMPRESSED = 1, 5, 6, 14, 15
_CELL_CLASS, _CHAR_CLASS, _OBJECT_CLASS = 1, 4, 17
_NUMERIC_CLASSES = range(6, 16)
_COMPLEX = 0x0800

_NUMBERS = MappingProxyType(
    {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
)
"""numpy's name of each type of number in a file."""

_ENCODINGS = MappingProxyType(
    {
        "<": {1: "latin-1", 2: "latin-1", 4: "utf-16-le", 16: "utf-8", 17: "utf-16-le", 18: "utf-32-le"},
        ">": {1: "latin-1", 2: "latin-1", 4: "utf-16-be", 16: "utf-8", 17: "utf-16-be", 18: "utf-32-be"},
    }
)


@dataclass(frozen=True, slots=True)
class Mat5Cells:
    """One cell array, streamed from its file each time it is walked."""

    path: Path
    start: int
    """Where its top-level element begins."""
    order: str
    """``<`` for little-endian, ``>`` for big-endian."""
    count: int

    def cells(self) -> Iterator[Cell]:
        """Yield every cell in order. Raises SourceError where the file turns out damaged."""
        with ExitStack() as stack:
            try:
                stream = stack.enter_context(self.path.open("rb"))
                stream.seek(self.start)
                reader, _ = _open_element(stream, self.order, self.path)
                reader.preamble()
                for _ in range(self.count):
                    yield reader.cell()
            except (OSError, zlib.error) as error:
                raise cannot_read(self.path, f"it is damaged ({error})") from error


def find_cell_arrays(path: Path, names: Collection[str]) -> dict[str, Mat5Cells]:
    """Return the cell arrays of these names in a file; those that are missing are missing here.

    Raises SourceError where the file is damaged or a variable of such a name is no row or column of cells.
    """
    found: dict[str, Mat5Cells] = {}
    try:
        with path.open("rb") as stream:
            order = "<" if stream.read(_HEADER_BYTES).endswith(b"IM") else ">"
            for start in _element_starts(stream, order, path):
                stream.seek(start)
                reader, kind = _open_element(stream, order, path)
                if kind != _MATRIX:
                    continue
                variable = reader.preamble()
                if variable.name not in names:
                    continue
                if variable.name in found:
                    raise cannot_read(path, f"it has two variables {variable.name}")
                found[variable.name] = Mat5Cells(path, start, order, variable.cell_count(path))
    except (OSError, zlib.error) as error:
        raise cannot_read(path, f"it is damaged ({error})") from error
    return found


def _element_starts(stream: BinaryIO, order: str, path: Path) -> Iterator[int]:
    """Yield where each top-level element begins."""
    position, end = _HEADER_BYTES, stream.seek(0, io.SEEK_END)
    for _ in range(_MOST_VARIABLES):
        if position >= end:
            return
        stream.seek(position)
        tag = stream.read(_TAG_BYTES)
        size_bytes = struct.unpack(order + "4xI", tag)[0] if len(tag) == _TAG_BYTES else end
        if position + _TAG_BYTES + size_bytes > end:
            raise cannot_read(path, "it is shorter than it says")
        yield position
        position += _TAG_BYTES + size_bytes
    raise cannot_read(path, f"it has more than {_MOST_VARIABLES} variables")


@dataclass(frozen=True, slots=True)
class _Preamble:
    """What is said of an array before its content."""

    array_class: int
    is_complex: bool
    dimensions: tuple[int, ...]
    name: str

    @property
    def count(self) -> int:
        return math.prod(self.dimensions)

    def cell_count(self, path: Path) -> int:
        """Return how many cells a row or column of cells has."""
        in_line = self.count in (0, max(self.dimensions, default=0))
        if self.array_class != _CELL_CLASS or not in_line or min(self.dimensions, default=-1) < 0:
            raise cannot_read(path, f"its variable {self.name} is no row or column of cells")
        return self.count


def _open_element(stream: BinaryIO, order: str, path: Path) -> tuple["_Reader", int]:
    """Return a reader of the element at the stream's position, past its tag, and the element's type."""
    reader = _Reader(stream, order, path)
    kind, size_bytes = reader.tag()
    if kind != _COMPRESSED:
        return reader, kind
    inflated = _Reader(io.BufferedReader(_Inflated(stream, size_bytes), _BLOCK_BYTES), order, path)
    return inflated, inflated.tag()[0]


class _Inflated(io.RawIOBase):
    """What a compressed element holds, decompressed no further than it is read."""

    def __init__(self, stream: BinaryIO, size_bytes: int) -> None:
        self._stream = stream
        self._left_bytes = size_bytes
        self._inflate = zlib.decompressobj()

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill the buffer as far as one step goes, 0 bytes at the end. Raises zlib.error."""
        free = memoryview(buffer).cast("B")
        while not self._inflate.eof:
            content = self._inflate.unconsumed_tail
            if not content:
                content = self._stream.read(min(_BLOCK_BYTES, self._left_bytes))
                self._left_bytes -= len(content)
            inflated = self._inflate.decompress(content, len(free))
            if inflated or not content:
                free[: len(inflated)] = inflated
                return len(inflated)
        return 0


class _Reader:
    """Reads elements one after the other from a stream."""

    def __init__(self, stream: BinaryIO | io.BufferedReader, order: str, path: Path) -> None:
        self._stream = stream
        self._order = order
        self._path = path
        self._words = struct.Struct(order + "II")

    def tag(self) -> tuple[int, int]:
        """Return the type and size of the element that comes next."""
        kind, size_bytes = self._words.unpack(self._read(_TAG_BYTES))
        return int(kind), int(size_bytes)

    def preamble(self) -> _Preamble:
        """Return an array's flags, dimensions and name, and stop before its content."""
        flags = self._part(_UINT32)
        if len(flags) != _TAG_BYTES:
            raise self._damaged()
        word = struct.unpack(self._order + "I", flags[:4])[0]
        if word & 0xFF == _OBJECT_CLASS:  # laid out in a way that MathWorks keeps to itself
            return _Preamble(_OBJECT_CLASS, False, (), "")
        dimensions, name = self._part(_INT32), self._part(_INT8)
        if len(dimensions) % 4:
            raise self._damaged()
        sizes = struct.unpack(f"{self._order}{len(dimensions) // 4}i", dimensions)
        return _Preamble(word & 0xFF, bool(word & _COMPLEX), sizes, name.decode("latin-1"))

    def cell(self) -> Cell:
        """Return the next cell of a cell array."""
        kind, size_bytes = self.tag()
        if kind != _MATRIX or size_bytes > LARGEST_CELL_BYTES:
            raise self._damaged()
        if size_bytes == 0:
            return None
        content = _Reader(io.BytesIO(self._read(size_bytes)), self._order, self._path)
        return content.value()

    def value(self) -> Cell:
        """Return the text or numbers of the array that begins here."""
        array = self.preamble()
        if array.array_class != _CHAR_CLASS and array.array_class not in _NUMERIC_CLASSES:
            return None
        if array.is_complex or min(array.dimensions, default=0) < 0:
            return None
        kind, content = self._element(LARGEST_CELL_BYTES)
        if array.array_class == _CHAR_CLASS:
            return self._text(array, kind, content)
        number_type = _NUMBERS.get(kind)
        if number_type is None or len(content) != array.count * np.dtype(number_type).itemsize:
            raise self._damaged()
        return np.frombuffer(content, self._order + number_type).astype(np.float64)

    def _text(self, array: _Preamble, kind: int, content: bytes) -> Cell:
        encoding = _ENCODINGS[self._order].get(kind)
        if encoding is None:
            raise self._damaged()
        if array.count != max(array.dimensions, default=0):
            return None  # several rows of text
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            return None

    def _part(self, expected: int) -> bytes:
        kind, content = self._element(_LONGEST_PREAMBLE_PART)
        if kind != expected:
            raise self._damaged()
        return content

    def _element(self, at_most_bytes: int) -> tuple[int, bytes]:
        """Return the next element's type and content; up to four bytes may lie in the tag itself."""
        tag = self._read(_TAG_BYTES)
        first, size_bytes = self._words.unpack(tag)
        if first >> 16:
            if first >> 16 > 4:
                raise self._damaged()
            return first & 0xFFFF, tag[4 : 4 + (first >> 16)]
        if size_bytes > at_most_bytes:
            raise self._damaged()
        content = self._read(size_bytes)
        self._read(-size_bytes % _TAG_BYTES)
        return first, content

    def _read(self, size_bytes: int) -> bytes:
        content = self._stream.read(size_bytes)
        if len(content) != size_bytes:
            raise self._damaged()
        return content

    def _damaged(self) -> SourceError:
        return cannot_read(self._path, "it is damaged, or no MATLAB file of version 5")
