"""Writes ``.caffemodel`` files and their prototxt, field by field, in both generations of the format."""

import struct
from collections.abc import Iterable, Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Data = Literal["packed", "unpacked", "double", "double-unpacked"]
Layers = Iterable[tuple[str, list[Array]]]

CONVOLUTIONS = (
    *("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3"),
    *("conv4_1", "conv4_2", "conv4_3", "conv5_1", "conv5_2", "conv5_3"),
)


def varint(value: int) -> bytes:
    content = bytearray()
    while value > 0x7F:
        content.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*content, value])


def tag(number: int, wire_type: int) -> bytes:
    return varint(number << 3 | wire_type)


def number_field(number: int, value: int) -> bytes:
    return tag(number, 0) + varint(value)


def bytes_field(number: int, content: bytes) -> bytes:
    return tag(number, 2) + varint(len(content)) + content


def numbers_field(values: Array, data: Data) -> bytes:
    flat = values.ravel()
    match data:
        case "packed":
            return bytes_field(5, flat.astype("<f4").tobytes())
        case "double":
            return bytes_field(8, flat.astype("<f8").tobytes())
        case "unpacked":
            return b"".join(tag(5, 5) + struct.pack("<f", value) for value in flat)
        case "double-unpacked":
            return b"".join(tag(8, 1) + struct.pack("<d", value) for value in flat)


def blob(values: Array, data: Data = "packed", *, legacy: bool = False) -> bytes:
    if legacy:
        sizes = (*(1,) * (4 - values.ndim), *values.shape)
        shape = b"".join(number_field(number, size) for number, size in enumerate(sizes, start=1))
    else:
        shape = bytes_field(7, bytes_field(1, b"".join(varint(size) for size in values.shape)))
    return shape + numbers_field(values, data)


def new_model(layers: Layers, data: Data = "packed") -> bytes:
    """Return a NetParameter with ``layer``."""
    content = bytes_field(1, b"VGG_ILSVRC_16_layers")
    for name, blobs in layers:
        inner = bytes_field(1, name.encode()) + bytes_field(2, b"Convolution")
        inner += b"".join(bytes_field(7, blob(values, data)) for values in blobs)
        content += bytes_field(100, inner)
    return content


def old_model(layers: Layers, data: Data = "packed") -> bytes:
    """Return a NetParameter with the older ``layers``; blobs have num, channels, height and width."""
    content = bytes_field(1, b"VGG_ILSVRC_16_layers")
    for name, blobs in layers:
        inner = bytes_field(2, b"bottom") + bytes_field(3, name.encode())
        inner += bytes_field(4, name.encode()) + number_field(5, 4)
        inner += b"".join(bytes_field(6, blob(values, data, legacy=True)) for values in blobs)
        content += bytes_field(2, inner)
    return content


def vgg16_layers(weights: Mapping[str, Array]) -> list[tuple[str, list[Array]]]:
    """Return torchvision's layout under Caffe's names."""
    kernels = [name for name in weights if name.endswith(".weight")]
    return [
        (layer, [weights[kernel], weights[kernel.replace(".weight", ".bias")]])
        for layer, kernel in zip(CONVOLUTIONS, kernels, strict=True)
    ]


def prototxt(weights: Mapping[str, Array]) -> str:
    """Return VGG-16 up to a global max pooling named ``pool5``, in words that Caffe understands."""
    lines = [
        'name: "VGG16"',
        'input: "data"',
        "input_dim: 1",
        "input_dim: 3",
        "input_dim: 224",
        "input_dim: 224",
    ]
    bottom = "data"
    for index, (name, (_, bias)) in enumerate(vgg16_layers(weights)):
        if index and name.endswith("_1"):
            pool = f"pool{int(name[4]) - 1}"
            lines.append(
                layer_text(
                    pool, "Pooling", bottom, pool, "pooling_param { pool: MAX kernel_size: 2 stride: 2 }"
                )
            )
            bottom = pool
        convolution = f"convolution_param {{ num_output: {len(bias)} pad: 1 kernel_size: 3 }}"
        lines.append(layer_text(name, "Convolution", bottom, name, convolution))
        lines.append(layer_text(f"relu_{name}", "ReLU", name, name, ""))
        bottom = name
    lines.append(
        layer_text("pool5", "Pooling", bottom, "pool5", "pooling_param { pool: MAX global_pooling: true }")
    )
    return "\n".join(lines) + "\n"


def layer_text(name: str, kind: str, bottom: str, top: str, more: str) -> str:
    return f'layer {{ name: "{name}" type: "{kind}" bottom: "{bottom}" top: "{top}" {more} }}'
