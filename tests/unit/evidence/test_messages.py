import io
import json
import struct
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from geolocdesk.evidence.messages import (
    JsonObject,
    Kind,
    MessageError,
    integer_field,
    list_field,
    read_message,
    text_field,
    write_array,
    write_json,
)

LIMIT = 10_000


def header(kind: bytes, *lengths: int) -> bytes:
    return struct.pack("!c3I", kind, *lengths)


def test_json_messages_come_through() -> None:
    stream = io.BytesIO()
    message: JsonObject = {"path": "/photos/caf\udcc3.jpg", "number": 2, "list": [1.5, None, "東京"]}
    write_json(stream, Kind.PHOTO, message)
    stream.seek(0)
    assert read_message(stream, LIMIT) == (Kind.PHOTO, message)


@pytest.mark.parametrize("shape", [(4, 5, 3), (17,), (0,), (1, 1, 3)])
def test_arrays_come_through_read_only(shape: tuple[int, ...]) -> None:
    array: NDArray[np.uint8] = np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)
    stream = io.BytesIO()
    write_array(stream, array)
    stream.seek(0)
    kind, received = read_message(stream, LIMIT)
    assert kind is Kind.ARRAY
    assert isinstance(received, np.ndarray)
    np.testing.assert_array_equal(received, array)
    assert not received.flags.writeable


def test_slices_come_through_as_they_look() -> None:
    array = np.arange(120, dtype=np.uint8).reshape(5, 8, 3)[::2, ::-1]
    stream = io.BytesIO()
    write_array(stream, array)
    stream.seek(0)
    _, received = read_message(stream, LIMIT)
    np.testing.assert_array_equal(received, array)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"A\x00",
        header(b"?", 1, 1, 1),
        header(b"E", 5, 0, 0) + b"{}",
        header(b"E", 2, 0, 0) + b"[]",
        header(b"E", 4, 0, 0) + b"\xff\xfe\xfd\xfc",
        header(b"E", 2**32 - 1, 0, 0),
        header(b"A", LIMIT + 1, 0, 0),
        header(b"A", 2**31, 2**31, 3),
        header(b"A", 10, 10, 4) + b"x" * 400,
        header(b"A", 10, 10, 3) + b"x" * 299,
    ],
)
def test_what_is_no_message_is_refused_before_memory_is_set_aside(sent: bytes) -> None:
    with pytest.raises(MessageError):
        read_message(io.BytesIO(sent), LIMIT)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_message_or_refused(sent: bytes) -> None:
    try:
        kind, value = read_message(io.BytesIO(sent), LIMIT)
    except MessageError:
        return
    assert isinstance(value, np.ndarray if kind is Kind.ARRAY else dict)


@given(st.recursive(st.none() | st.integers(), lambda inner: st.lists(inner, max_size=3), max_leaves=5))
def test_only_objects_are_messages(value: object) -> None:
    body = json.dumps(value).encode()
    with pytest.raises(MessageError):
        read_message(io.BytesIO(header(b"E", len(body), 0, 0) + body), LIMIT)


def test_deeply_nested_json_is_refused() -> None:
    body = b"[" * 100_000
    with pytest.raises(MessageError):
        read_message(io.BytesIO(header(b"E", len(body), 0, 0) + body), LIMIT)


@pytest.mark.parametrize(
    ("read", "wrong"),
    [
        (text_field, 5),
        (text_field, None),
        (integer_field, "5"),
        (integer_field, -1),
        (integer_field, 10**400),
        (integer_field, True),
        (integer_field, 1.5),
        (list_field, "abc"),
        (list_field, {}),
    ],
)
def test_fields_of_the_wrong_type_are_refused(read: Callable[..., object], wrong: object) -> None:
    for value in ({"field": wrong}, {}):
        with pytest.raises(MessageError, match="field"):
            read(value, "field")
