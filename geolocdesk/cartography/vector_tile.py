"""Mapbox Vector Tiles (version 2.1), written: the format in which the map page takes vectors.

https://github.com/mapbox/vector-tile-spec/tree/master/2.1
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

EXTENT = 4096
"""Units along one side of a tile; geometry may lie a little outside, in the buffer."""

PropertyValue = str | int | float | bool


class GeometryKind(IntEnum):
    """The specification's geometry types."""

    POINT = 1
    LINE = 2
    POLYGON = 3


_MOVE_TO = 1
_LINE_TO = 2
_CLOSE_PATH = 7

_LEAST_VERTICES = {GeometryKind.POINT: 1, GeometryKind.LINE: 2, GeometryKind.POLYGON: 3}


@dataclass(frozen=True, slots=True, eq=False)
class TileFeature:
    """One feature in tile units, y downwards.

    ``parts`` are int arrays [n, 2]: single points, lines, or rings without the repeated last vertex; an
    exterior ring runs clockwise as seen on the screen and is followed by its holes, which run the other way.
    """

    kind: GeometryKind
    parts: Sequence[NDArray[np.int64]]
    properties: Mapping[str, PropertyValue]


def encode_tile(layers: Mapping[str, Iterable[TileFeature]]) -> bytes:
    """Return the tile's bytes; empty layers are left out, and a tile without layers is ``b""``."""
    encoded = (_layer(name, features) for name, features in layers.items())
    return b"".join(_field(3, layer) for layer in encoded if layer)


def _layer(name: str, features: Iterable[TileFeature]) -> bytes:
    keys: dict[str, int] = {}
    values: dict[tuple[type, PropertyValue], int] = {}
    body = bytearray()
    for feature in features:
        geometry = _geometry(feature)
        if not geometry:
            continue
        tags = bytearray()
        for key, value in feature.properties.items():
            tags += _varint(keys.setdefault(key, len(keys)))
            tags += _varint(values.setdefault((type(value), value), len(values)))
        message = bytearray()
        if tags:
            message += _field(2, tags)
        message += _key(3, 0) + _varint(feature.kind)
        message += _field(4, geometry)
        body += _field(2, message)
    if not body:
        return b""
    head = _key(15, 0) + _varint(2) + _field(1, name.encode())
    names = b"".join(_field(3, key.encode()) for key in keys)
    entries = b"".join(_field(4, _value(value)) for _, value in values)
    return head + bytes(body) + names + entries + _key(5, 0) + _varint(EXTENT)


def _geometry(feature: TileFeature) -> bytes:
    """Return the command stream; parts that have shrunk to nothing are left out."""
    least = _LEAST_VERTICES[feature.kind]
    parts = [part for part in map(_without_repeats, feature.parts) if len(part) >= least]
    if feature.kind is GeometryKind.POINT:
        return _points(parts)
    stream = bytearray()
    cursor = np.zeros(2, dtype=np.int64)
    for part in parts:
        steps = _zigzag(np.diff(part, axis=0, prepend=cursor[None, :]))
        stream += _varint(_MOVE_TO | 1 << 3)
        stream += _varints(steps[0])
        stream += _varint(_LINE_TO | (len(part) - 1) << 3)
        stream += _varints(steps[1:].ravel())
        if feature.kind is GeometryKind.POLYGON:
            stream += _varint(_CLOSE_PATH | 1 << 3)
        cursor = part[-1]
    return bytes(stream)


def _points(parts: Sequence[NDArray[np.int64]]) -> bytes:
    if not parts:
        return b""
    points = np.concatenate(parts)
    steps = _zigzag(np.diff(points, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)))
    return _varint(_MOVE_TO | len(points) << 3) + _varints(steps.ravel())


def _without_repeats(part: NDArray[np.int64]) -> NDArray[np.int64]:
    if len(part) < 2:
        return part
    moved = np.any(np.diff(part, axis=0) != 0, axis=1)
    kept: NDArray[np.int64] = part[np.concatenate([[True], moved])]
    return kept


def _zigzag(values: NDArray[np.int64]) -> NDArray[np.int64]:
    zigzag: NDArray[np.int64] = (values << 1) ^ (values >> 63)
    return zigzag


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _varints(values: NDArray[np.int64]) -> bytes:
    return b"".join(map(_varint, values.tolist()))


def _key(field: int, wire_type: int) -> bytes:
    return _varint(field << 3 | wire_type)


def _field(number: int, payload: bytes | bytearray) -> bytes:
    return _key(number, 2) + _varint(len(payload)) + bytes(payload)


def _value(value: PropertyValue) -> bytes:
    if isinstance(value, bool):
        return _key(7, 0) + _varint(int(value))
    if isinstance(value, int):
        return _key(6, 0) + _varint((value << 1) ^ (value >> 63))
    if isinstance(value, float):
        return _key(3, 1) + struct.pack("<d", value)
    return _field(1, value.encode())
