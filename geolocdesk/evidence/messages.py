"""What the program and its decoding process say to each other over two pipes.

A message is a kind, three lengths and a body: JSON, or the raw bytes of an array. Nothing that comes back is
executable (no pickle), every length is checked before memory is set aside, and every field before it is used:
the decoding process works on hostile files and may have been taken over by one.
"""

import json
import math
import struct
from enum import Enum
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from geolocdesk.provenance import JsonValue

JsonObject = dict[str, JsonValue]

_HEADER = struct.Struct("!c3I")
_MAX_JSON_BYTES = 8 * 2**20
_MAX_INTEGER = 2**63


class Kind(Enum):
    """What a message is."""

    SETUP = b"S"
    """To the process, once: its limits."""
    READY = b"R"
    """From the process, once: the limits hold."""
    PHOTO = b"Q"
    """To the process: take in this photo."""
    FILE = b"F"
    """From the process: the file is read; its hash, size and format."""
    ARRAY = b"A"
    """From the process: one picture's pixels or bytes, in the order of the renditions."""
    PICTURE = b"P"
    """From the process, after the pictures: size, orientation and remarks."""
    EXIF = b"E"
    """From the process, the last about a photo: its EXIF summary."""
    FAILURE = b"X"
    """From the process, the last about a photo: why it could not be taken in."""


class MessageError(Exception):
    """The other side broke off, or sent what is no message."""


def write_json(stream: BinaryIO, kind: Kind, value: JsonObject) -> None:
    """Write one JSON message and send what is buffered. Raises OSError where the other side is gone."""
    body = json.dumps(value).encode("ascii")
    stream.write(_HEADER.pack(kind.value, len(body), 0, 0) + body)
    stream.flush()


def write_array(stream: BinaryIO, array: NDArray[np.uint8]) -> None:
    """Write one array of one or three dimensions; it is sent with the next JSON message at the latest."""
    lengths = array.shape if array.ndim == 3 else (array.size, 0, 0)
    stream.write(_HEADER.pack(Kind.ARRAY.value, *lengths))
    stream.write(np.ascontiguousarray(array).data.cast("B"))


def read_message(stream: BinaryIO, max_array_bytes: int) -> tuple[Kind, JsonObject | NDArray[np.uint8]]:
    """Return the next message: a JSON object, or for ``ARRAY`` a read-only array. Raises MessageError."""
    header = stream.read(_HEADER.size)
    if len(header) < _HEADER.size:
        message = "the other side broke off"
        raise MessageError(message)
    code, *lengths = _HEADER.unpack(header)
    try:
        kind = Kind(code)
    except ValueError as error:
        message = f"no message begins with {code!r}"
        raise MessageError(message) from error
    if kind is Kind.ARRAY:
        return kind, _read_array(stream, lengths, max_array_bytes)
    return kind, _read_json(stream, lengths[0])


def _read_array(stream: BinaryIO, lengths: list[int], max_array_bytes: int) -> NDArray[np.uint8]:
    shape = (lengths[0],) if lengths[1] == 0 else tuple(lengths)
    if math.prod(shape) > max_array_bytes or (len(shape) == 3 and shape[2] != 3):
        message = f"an array of {shape} is not acceptable"
        raise MessageError(message)
    array = np.empty(shape, dtype=np.uint8)
    if array.size and stream.readinto(array.data.cast("B")) != array.nbytes:  # type: ignore[attr-defined]
        message = "the other side broke off within an array"
        raise MessageError(message)
    array.flags.writeable = False
    return array


def _read_json(stream: BinaryIO, length: int) -> JsonObject:
    if length > _MAX_JSON_BYTES:
        message = f"a message of {length} bytes is not acceptable"
        raise MessageError(message)
    body = stream.read(length)
    try:
        value = json.loads(body) if len(body) == length else None
    except (ValueError, RecursionError) as error:
        message = "a message is not JSON"
        raise MessageError(message) from error
    if not isinstance(value, dict):
        message = "a message is not a JSON object or was broken off"
        raise MessageError(message)
    return value


def text_field(value: JsonObject, name: str) -> str:
    """Return a field that must be text. Raises MessageError."""
    field = value.get(name)
    if not isinstance(field, str):
        message = f"the field {name} is not text"
        raise MessageError(message)
    return field


def integer_field(value: JsonObject, name: str) -> int:
    """Return a field that must be a whole number from 0 to 2⁶³. Raises MessageError."""
    field = value.get(name)
    if not isinstance(field, int) or isinstance(field, bool) or not 0 <= field <= _MAX_INTEGER:
        message = f"the field {name} is not a whole number"
        raise MessageError(message)
    return field


def list_field(value: JsonObject, name: str) -> list[JsonValue]:
    """Return a field that must be a list. Raises MessageError."""
    field = value.get(name)
    if not isinstance(field, list):
        message = f"the field {name} is not a list"
        raise MessageError(message)
    return field
