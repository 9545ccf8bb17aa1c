"""The wire format of Protocol Buffers, read from an open file without loading it: fields, and no more.

Source: the published encoding, <https://protobuf.dev/programming-guides/encoding/>.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO

from geolocdesk.errors import ModelError

MOST_FIELDS = 1_000_000
"""Fields visited in one file, all messages together; beyond it the file is refused."""

_LONGEST_VARINT = 10
_TAG_AND_VARINT = 2 * _LONGEST_VARINT


class WireType(IntEnum):
    """How a field's value is written. The two of groups, 3 and 4, were given up long ago and are refused."""

    VARINT = 0
    FIXED64 = 1
    BYTES = 2
    FIXED32 = 5


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message: its number, how it is written, and where its value lies in the file."""

    number: int
    wire_type: WireType
    start: int
    size_bytes: int
    varint: int = 0
    """The value of a VARINT field, 0 ≤ v < 2⁶⁴."""


class WireFile:
    """A file of one message, open for reading."""

    def __init__(
        self, stream: BinaryIO, path: Path, what: str = "Caffe model", whole: str = ".caffemodel file"
    ) -> None:
        """Take a seekable stream; ``path``, ``what`` it should be and the ``whole`` file name it in messages."""
        self._what, self._whole = what, whole
        self._stream = stream
        self._path = path
        self._visited = 0
        self.size_bytes = stream.seek(0, 2)

    def fields(self, start: int = 0, size_bytes: int | None = None) -> Iterator[Field]:
        """Yield the fields of the message at ``start``, the whole file without ``size_bytes``.

        Values of bytes are stepped over, not read. Raises ModelError where the message is malformed, ends
        beyond its size, or the file has more than ``MOST_FIELDS`` fields.
        """
        end = self.size_bytes if size_bytes is None else start + size_bytes
        position = start
        while position < end:
            field = self._field(position, end)
            position = field.start + field.size_bytes
            yield field

    def content(self, field: Field, at_most_bytes: int) -> bytes:
        """Return a field's bytes. Raises ModelError where there are more than ``at_most_bytes``."""
        if field.size_bytes > at_most_bytes:
            reason = f"a value of {field.size_bytes} bytes where {at_most_bytes} are the most"
            raise self.fault(reason)
        return self._read(field.start, field.size_bytes)

    def fault(self, reason: str) -> ModelError:
        """Return the error for a file that does not hold what it should."""
        return ModelError(
            f"{self._path} is no {self._what}, or it is damaged ({reason}); bring the whole {self._whole}."
        )

    def _field(self, position: int, end: int) -> Field:
        self._visited += 1
        if self._visited > MOST_FIELDS:
            reason = f"more than {MOST_FIELDS} fields"
            raise self.fault(reason)
        head = self._read(position, min(_TAG_AND_VARINT, end - position))
        tag, used = self._varint(head, 0)
        number = tag >> 3
        if number == 0:
            reason = f"a field numbered 0 at byte {position}"
            raise self.fault(reason)
        match tag & 7:
            case WireType.VARINT:
                value, after = self._varint(head, used)
                return Field(number, WireType.VARINT, position + used, after - used, value)
            case WireType.FIXED64:
                field = Field(number, WireType.FIXED64, position + used, 8)
            case WireType.BYTES:
                size_bytes, used = self._varint(head, used)
                field = Field(number, WireType.BYTES, position + used, size_bytes)
            case WireType.FIXED32:
                field = Field(number, WireType.FIXED32, position + used, 4)
            case unknown:
                reason = f"wire type {unknown} at byte {position}"
                raise self.fault(reason)
        if field.size_bytes > end - field.start:
            reason = f"it ends within the field at byte {position}"
            raise self.fault(reason)
        return field

    def _varint(self, content: bytes, start: int) -> tuple[int, int]:
        """Return the number at ``start`` and where the next begins."""
        value = 0
        for offset, byte in enumerate(content[start : start + _LONGEST_VARINT]):
            value |= (byte & 0x7F) << (7 * offset)
            if byte < 0x80:
                return value & 0xFFFF_FFFF_FFFF_FFFF, start + offset + 1
        reason = "a number without an end"
        raise self.fault(reason)

    def _read(self, start: int, size_bytes: int) -> bytes:
        self._stream.seek(start)
        content = self._stream.read(size_bytes)
        if len(content) != size_bytes:
            reason = "it became shorter while it was read"
            raise self.fault(reason)
        return content


def varints(content: bytes, fault: ModelError) -> list[int]:
    """Return the packed numbers in ``content``; raises ``fault`` where it does not end with one."""
    numbers: list[int] = []
    value = shift = 0
    for byte in content:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(value)
            value = shift = 0
        elif shift >= 7 * _LONGEST_VARINT:
            raise fault
    if shift:
        raise fault
    return numbers
