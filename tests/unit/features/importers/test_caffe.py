"""Blobs of layers, in every way Caffe has written them."""

import io
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geolocdesk.errors import ModelError
from geolocdesk.features.importers.caffe import read_layers
from geolocdesk.features.importers.wire_format import WireFile
from tests.unit.features.importers.caffe_writer import (
    Array,
    Data,
    blob,
    bytes_field,
    new_model,
    number_field,
    numbers_field,
    old_model,
    tag,
)

KERNEL = np.arange(2 * 3 * 3 * 3, dtype=np.float32).reshape(2, 3, 3, 3) - 20
BIAS = np.array([0.25, -3], np.float32)


def read(content: bytes, wanted: tuple[str, ...] = ("conv",)) -> dict[str, list[Array]]:
    return read_layers(WireFile(io.BytesIO(content), Path("model.caffemodel")), wanted)


def layer(*blobs: bytes, name: str = "conv") -> bytes:
    return bytes_field(100, bytes_field(1, name.encode()) + b"".join(bytes_field(7, item) for item in blobs))


@pytest.mark.parametrize("data", ["packed", "unpacked", "double", "double-unpacked"])
def test_numbers_are_read_however_they_are_written(data: Data) -> None:
    kernel, bias = read(new_model([("conv", [KERNEL, BIAS])], data))["conv"]
    np.testing.assert_array_equal(kernel, KERNEL)
    np.testing.assert_array_equal(bias, BIAS)


def test_the_older_generation_has_four_dimensions() -> None:
    kernel, bias = read(old_model([("conv", [KERNEL, BIAS])]))["conv"]
    np.testing.assert_array_equal(kernel, KERNEL)
    assert bias.shape == (1, 1, 1, 2)


def test_other_layers_and_fields_are_stepped_over() -> None:
    noise = bytes_field(7, b"\xff" * 20) + number_field(9, 5)
    content = noise + layer(b"\xff\xff", name="fc6") + new_model([("conv", [KERNEL, BIAS])])
    assert list(read(content)) == ["conv"]


def test_a_name_may_follow_its_blobs() -> None:
    content = bytes_field(100, bytes_field(7, blob(BIAS)) + bytes_field(1, b"conv"))
    np.testing.assert_array_equal(read(content)["conv"][0], BIAS)


def test_runs_of_numbers_may_be_broken_by_other_fields() -> None:
    values = np.arange(100, dtype=np.float32)
    content = bytes_field(7, bytes_field(1, b"\x64"))
    for part in np.split(values, [1, 3, 40]):
        content += numbers_field(part, "unpacked") + number_field(20, 1)
    np.testing.assert_array_equal(read(layer(content))["conv"][0], values)


def test_a_shape_may_be_one_field_a_dimension() -> None:
    shape = bytes_field(7, number_field(1, 1) + number_field(1, 2))
    assert read(layer(shape + numbers_field(BIAS, "packed")))["conv"][0].shape == (1, 2)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            layer(bytes_field(7, bytes_field(1, b"\x03")) + numbers_field(BIAS, "packed")),
            "2 numbers in the shape 3",
        ),
        (layer(numbers_field(BIAS, "packed")), "shape of nothing"),
        (layer(bytes_field(7, bytes_field(1, b"\xff" * 9 + b"\x01"))), "0 numbers in the shape"),
        (
            layer(bytes_field(7, bytes_field(1, b"\x01" * 33)) + numbers_field(BIAS[:1], "packed")),
            "1 numbers",
        ),
        (layer(bytes_field(7, bytes_field(1, b"\x80"))), "ends within a number"),
        (layer(bytes_field(5, b"abcde")), "end within a number"),
        (layer(b"\xad\x00" + bytes(4)), "longer than it need be"),
        (layer(blob(BIAS), blob(BIAS), blob(BIAS)), "3 blobs"),
        (layer(blob(BIAS)) * 2, "comes twice"),
        (number_field(100, 3), "a layer that is none"),
        (bytes_field(100, bytes_field(1, b"x" * 2000)), "2000 bytes where 1024"),
        (layer(tag(5, 2) + b"\x80\x80\x80\x80\x10"), "ends within the field"),
    ],
)
def test_blobs_that_cannot_be_are_refused(content: bytes, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        read(content)


@given(st.binary(max_size=200))
def test_any_bytes_give_layers_or_a_sentence(content: bytes) -> None:
    for hostile in (content, bytes_field(100, bytes_field(1, b"conv") + bytes_field(7, content))):
        with suppress(ModelError):  # any other error fails the test
            read(hostile)


@given(st.data())
def test_a_changed_or_shortened_model_gives_layers_or_a_sentence(data: st.DataObject) -> None:
    way = data.draw(st.sampled_from(["packed", "unpacked", "double", "double-unpacked"]))
    content = bytearray(new_model([("conv", [KERNEL[:1], BIAS])], way))  # type: ignore[arg-type]  # one of Data's
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = content[: data.draw(st.integers(0, len(content)))]
    with suppress(ModelError):
        read(bytes(cut))
