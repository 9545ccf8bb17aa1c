"""Fields out of bytes, from the examples of the published encoding and from hostile bytes."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geolocdesk.errors import ModelError
from geolocdesk.features.importers import wire_format
from geolocdesk.features.importers.wire_format import WireFile, WireType, varints
from tests.unit.features.importers.caffe_writer import bytes_field, number_field, varint

FAULT = ModelError("fault")


def wire(content: bytes) -> WireFile:
    return WireFile(io.BytesIO(content), Path("model.caffemodel"))


def test_the_examples_of_the_published_encoding() -> None:
    (number,) = wire(bytes.fromhex("089601")).fields()
    assert (number.number, number.wire_type, number.varint) == (1, WireType.VARINT, 150)
    file = wire(bytes.fromhex("120774657374696e67"))
    (text,) = file.fields()
    assert (text.number, file.content(text, 100)) == (2, b"testing")
    assert varints(bytes.fromhex("038e029ea705"), FAULT) == [3, 270, 86942]


@given(st.lists(st.tuples(st.integers(1, 2**29 - 1), st.one_of(st.integers(0, 2**64 - 1), st.binary()))))
def test_what_was_written_is_read(values: list[tuple[int, int | bytes]]) -> None:
    content = b"".join(
        number_field(number, value) if isinstance(value, int) else bytes_field(number, value)
        for number, value in values
    )
    file = wire(content)
    read = [
        (field.number, field.varint if field.wire_type is WireType.VARINT else file.content(field, 1 << 20))
        for field in file.fields()
    ]
    assert read == values


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x00\x01", "numbered 0"),
        (b"\x0b", "wire type 3"),
        (b"\x0c", "wire type 4"),
        (b"\x0f", "wire type 7"),
        (b"\x0a\x05abc", "ends within"),
        (b"\x0d\x00\x00", "ends within"),
        (b"\x09\x00", "ends within"),
        (b"\x80" * 11, "without an end"),
        (b"\x08\xff", "without an end"),
        (b"\x0a" + b"\xff" * 9 + b"\x01", "ends within"),
    ],
)
def test_malformed_messages_are_refused_in_a_sentence(content: bytes, reason: str) -> None:
    with pytest.raises(ModelError, match=reason) as caught:
        list(wire(content).fields())
    assert "model.caffemodel" in caught.value.message


def test_a_value_longer_than_asked_for_is_refused() -> None:
    file = wire(bytes_field(1, bytes(11)))
    (field,) = file.fields()
    with pytest.raises(ModelError, match="11 bytes where 10"):
        file.content(field, 10)


def test_a_file_of_endless_fields_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_format, "MOST_FIELDS", 10)
    with pytest.raises(ModelError, match="more than 10 fields"):
        list(wire(number_field(1, 1) * 11).fields())


@given(st.lists(st.integers(0, 2**63)))
def test_packed_numbers(numbers: list[int]) -> None:
    assert varints(b"".join(varint(number) for number in numbers), FAULT) == numbers


@pytest.mark.parametrize("content", [b"\x80", b"\x01\xff", b"\xff" * 12])
def test_packed_numbers_that_end_within_one_are_refused(content: bytes) -> None:
    with pytest.raises(ModelError):
        varints(content, FAULT)
