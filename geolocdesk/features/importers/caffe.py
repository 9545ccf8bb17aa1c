"""Layers and their weights out of a ``.caffemodel``: Caffe's NetParameter in binary form.

Field numbers as in Caffe's published ``caffe.proto``. Both generations are read: ``layer`` and the older
``layers``, blobs with a shape and those with num, channels, height and width.
"""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geolocdesk.features.importers.wire_format import Field, WireFile, WireType, varints

_LARGEST_BLOB_BYTES = 64 << 20
"""Of one layer's weights as written; VGG-16's largest convolution takes 9.4 MB, as unpacked doubles 21 MB."""

_LONGEST_NAME_BYTES = 1024
_LONGEST_SHAPE_BYTES = 320
_MOST_DIMENSIONS = 32
_MOST_BLOBS = 2
"""A convolution has its weights and its bias."""


@dataclass(frozen=True, slots=True)
class _Generation:
    """The numbers of the fields that matter in one of the two kinds of layer."""

    name: int
    blobs: int


_GENERATIONS = {100: _Generation(name=1, blobs=7), 2: _Generation(name=4, blobs=6)}
"""By the number of NetParameter's field: ``layer`` (LayerParameter) and ``layers`` (V1LayerParameter)."""

_SHAPE = 7
_LEGACY_SHAPE = (1, 2, 3, 4)
"""num, channels, height, width; what is not written is 0 in name, and here simply no dimension."""


def read_layers(file: WireFile, wanted: Collection[str]) -> dict[str, list[NDArray[np.float32]]]:
    """Return the blobs of the layers named in ``wanted``, float32 in their stated shapes; others are skipped.

    Raises ModelError where the file is malformed or truncated, or a wanted layer comes twice with weights.
    """
    layers: dict[str, list[NDArray[np.float32]]] = {}
    for field in file.fields():
        generation = _GENERATIONS.get(field.number)
        if generation is None:
            continue
        if field.wire_type is not WireType.BYTES:
            reason = "a layer that is none"
            raise file.fault(reason)
        name, blobs = _layer(file, field, generation)
        if name not in wanted or not blobs:
            continue
        if name in layers:
            reason = f"the layer “{name}” comes twice"
            raise file.fault(reason)
        if len(blobs) > _MOST_BLOBS:
            reason = f"the layer “{name}” has {len(blobs)} blobs"
            raise file.fault(reason)
        layers[name] = [_blob(file, blob) for blob in blobs]
    return layers


def _layer(file: WireFile, layer: Field, generation: _Generation) -> tuple[str, list[Field]]:
    name, blobs = "", []
    for field in file.fields(layer.start, layer.size_bytes):
        if field.wire_type is not WireType.BYTES:
            continue
        if field.number == generation.name:
            name = file.content(field, _LONGEST_NAME_BYTES).decode("utf-8", "replace")
        elif field.number == generation.blobs:
            blobs.append(field)
    return name, blobs


def _blob(file: WireFile, blob: Field) -> NDArray[np.float32]:
    """Return one BlobProto's numbers in its shape."""
    if blob.size_bytes > _LARGEST_BLOB_BYTES:
        reason = f"a layer's weights of {blob.size_bytes} bytes"
        raise file.fault(reason)
    shape: list[int] = []
    legacy: dict[int, int | None] = dict.fromkeys(_LEGACY_SHAPE)
    parts: list[NDArray[np.float32]] = []
    for field in _blob_fields(file, blob, parts):
        if field.number in legacy and field.wire_type is WireType.VARINT:
            legacy[field.number] = field.varint
        elif field.number == _SHAPE and field.wire_type is WireType.BYTES:
            shape += _shape(file, field)
    values = np.concatenate(parts) if parts else np.empty(0, np.float32)
    stated = shape or [size for size in legacy.values() if size is not None]
    return values.reshape(_checked_shape(file, stated, len(values)))


def _blob_fields(file: WireFile, blob: Field, parts: list[NDArray[np.float32]]) -> Iterator[Field]:
    """Append the blob's data to ``parts`` and yield its other fields."""
    end = blob.start + blob.size_bytes
    position = blob.start
    while position < end:
        field = next(iter(file.fields(position, end - position)))
        position = field.start + field.size_bytes
        match (field.number, field.wire_type):
            case (5, WireType.BYTES):
                parts.append(_packed(file, field, "<f4"))
            case (8, WireType.BYTES):
                parts.append(_packed(file, field, "<f8"))
            case (5, WireType.FIXED32):
                position = _run(file, field, end, parts, "<f4")
            case (8, WireType.FIXED64):
                position = _run(file, field, end, parts, "<f8")
            case _:
                yield field


def _packed(file: WireFile, field: Field, number_type: str) -> NDArray[np.float32]:
    content = file.content(field, _LARGEST_BLOB_BYTES)
    if len(content) % np.dtype(number_type).itemsize:
        reason = "weights that end within a number"
        raise file.fault(reason)
    return _float32(np.frombuffer(content, number_type))


def _run(file: WireFile, first: Field, end: int, parts: list[NDArray[np.float32]], number_type: str) -> int:
    """Append a run of unpacked numbers, one field each, and return where it ends.

    Millions of them come one after the other, each behind the same one-byte tag, so they are read as records:
    in blocks that double, so that a file of many short runs costs no more than its size.
    """
    record = np.dtype([("tag", "u1"), ("value", number_type)])
    tag = first.number << 3 | first.wire_type
    position, count = first.start - 1, 16
    while True:
        count = min(count * 2, (end - position) // record.itemsize)
        block = Field(first.number, WireType.BYTES, position, count * record.itemsize)
        records = np.frombuffer(file.content(block, _LARGEST_BLOB_BYTES), record)
        others = np.flatnonzero(records["tag"] != tag)
        same = int(others[0]) if len(others) else len(records)
        parts.append(_float32(records["value"][:same]))
        position += same * record.itemsize
        if same < count or count == 0:
            break
    if position < first.start:
        reason = "a tag that is longer than it need be"
        raise file.fault(reason)
    return position


def _shape(file: WireFile, field: Field) -> list[int]:
    """Return a BlobShape's dimensions, packed or one field each."""
    dimensions: list[int] = []
    for inner in file.fields(field.start, field.size_bytes):
        if inner.number == 1 and inner.wire_type is WireType.VARINT:
            dimensions.append(inner.varint)
        elif inner.number == 1 and inner.wire_type is WireType.BYTES:
            content = file.content(inner, _LONGEST_SHAPE_BYTES)
            dimensions += varints(content, file.fault("a shape that ends within a number"))
    return dimensions


def _checked_shape(file: WireFile, dimensions: list[int], count: int) -> list[int]:
    fits = len(dimensions) <= _MOST_DIMENSIONS and math.prod(dimensions) == count
    if not dimensions or not fits:
        shown = " × ".join(str(size) for size in dimensions[:_MOST_DIMENSIONS])
        reason = f"{count} numbers in the shape {shown or 'of nothing'}"
        raise file.fault(reason)
    return dimensions


def _float32(values: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    with np.errstate(
        over="ignore"
    ):  # what is too large becomes infinite, and is refused with the network's check
        return values.astype(np.float32)
