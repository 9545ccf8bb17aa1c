"""Values to JSON and back, without losing a bit of a number.

The types themselves are the format: a frozen dataclass becomes an object with its fields' names, so a field
added to a value later is stored without a change here, and a case written before it reads with its default.
Floats survive exactly, because JSON numbers are written with the shortest digits that give the same float.
"""

import base64
import dataclasses
import os
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints
from urllib.parse import quote_from_bytes, unquote_to_bytes

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import CaseError
from geolocdesk.provenance import JsonValue
from geolocdesk.unavailable import Unavailable

_Value = TypeVar("_Value")

_BYTES_PATH = "file-bytes:"
"""Marks a path that is not text, written byte by byte."""

_UNAVAILABLE = "unavailable"


def encode(value: object) -> JsonValue:
    """Return a value as plain JSON. Raises TypeError for a type that no case holds."""
    kind: type = type(value)
    return _encoder_of(kind)(value)


def decode(kind: type[_Value], value: JsonValue) -> _Value:
    """Return the value of type ``kind`` that ``encode`` wrote.

    Raises CaseError where the JSON does not describe one.
    """
    try:
        decoded: _Value = _decode(kind, value)
    except (TypeError, ValueError, KeyError) as error:
        message = f"The case holds a damaged {kind.__name__} ({error}). Run “geolocdesk verify” on it."
        raise CaseError(message) from error
    return decoded


def path_to_text(path: Path) -> str:
    """Return a path as text that can be stored; names that are not valid text keep their bytes."""
    text = str(path)
    if text.startswith(_BYTES_PATH) or not _is_valid_text(text):
        return _BYTES_PATH + quote_from_bytes(os.fsencode(path))
    return text


def path_from_text(text: str) -> Path:
    """Return the path that ``path_to_text`` wrote."""
    if text.startswith(_BYTES_PATH):
        return Path(os.fsdecode(unquote_to_bytes(text.removeprefix(_BYTES_PATH))))
    return Path(text)


def storable_text(text: str) -> str:
    """Return the text with what Unicode calls unpaired surrogates replaced, as UTF-8 has no bytes for them."""
    return text if _is_valid_text(text) else text.encode("utf-8", "replace").decode("utf-8")


def _is_valid_text(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


@cache
def _encoder_of(kind: type) -> Callable[[Any], JsonValue]:
    """Return what turns values of a type into JSON, worked out once a type: an analysis holds thousands of values."""
    if dataclasses.is_dataclass(kind):
        return _encoder_of_fields(tuple(field.name for field in dataclasses.fields(kind)))
    return next((encoder for base, encoder in _ENCODERS if issubclass(kind, base)), _refuse)


def _encoder_of_fields(names: tuple[str, ...]) -> Callable[[object], JsonValue]:
    def encode_fields(value: object) -> JsonValue:
        return {name: encode(getattr(value, name)) for name in names}

    return encode_fields


def _encode_mapping(values: Mapping[Any, object]) -> JsonValue:
    return {storable_text(str(name)): encode(item) for name, item in values.items()}


def _encode_sequence(values: Iterable[object]) -> JsonValue:
    return [encode(item) for item in values]


def _encode_set(values: frozenset[Any]) -> JsonValue:
    return [encode(item) for item in sorted(values)]


def _encode_unavailable(value: Unavailable) -> JsonValue:
    return {_UNAVAILABLE: value.name}


def _as_it_is(value: JsonValue) -> JsonValue:
    return value


def _refuse(value: object) -> JsonValue:
    message = f"a case cannot hold a {type(value).__name__}"
    raise TypeError(message)


def _encode_array(array: NDArray[Any]) -> JsonValue:
    shape: list[JsonValue] = [int(side) for side in array.shape]
    if array.dtype == np.float64:
        return {"shape": shape, "float64": array.ravel().tolist()}
    if array.dtype == np.float32:
        content = np.ascontiguousarray(array, dtype="<f4").tobytes()
        return {"shape": shape, "float32_base64": base64.b64encode(content).decode("ascii")}
    message = f"a case cannot hold an array of {array.dtype}"
    raise TypeError(message)


_ENCODERS: tuple[tuple[type | types.UnionType, Callable[[Any], JsonValue]], ...] = (
    (np.ndarray, _encode_array),
    (Mapping, _encode_mapping),
    (frozenset, _encode_set),
    (tuple | list, _encode_sequence),
    (bool | int | types.NoneType, _as_it_is),
    (float, float),
    (str, storable_text),
    (Path, path_to_text),
    (Unavailable, _encode_unavailable),
)
"""How values that are no dataclasses become JSON; the first type that fits counts."""


def _decode_array(value: JsonValue) -> NDArray[Any]:
    stored = _object(value)
    shape = [int(side) for side in _list(stored["shape"]) if isinstance(side, int)]
    array: NDArray[Any]
    if "float64" in stored:
        array = np.array(_list(stored["float64"]), dtype=np.float64)
    else:
        content = base64.b64decode(str(stored["float32_base64"]), validate=True)
        array = np.frombuffer(content, dtype="<f4").astype(np.float32)
    array = array.reshape(shape)
    array.flags.writeable = False
    return array


def _decode(kind: Any, value: JsonValue) -> Any:  # noqa: ANN401 - the type is an argument
    origin = get_origin(kind)
    if origin is not None:
        return _decode_generic(origin, get_args(kind), value)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _decode_dataclass(kind, _object(value))
    return _decode_plain(kind, value)


def _decode_generic(origin: Any, kinds: tuple[Any, ...], value: JsonValue) -> Any:  # noqa: ANN401
    if origin in (Union, types.UnionType):
        return _decode_union(kinds, value)
    if origin is Literal:
        return _one_of(kinds, value)
    if origin is tuple:
        return _decode_tuple(kinds, _list(value))
    if origin is frozenset:
        return frozenset(_decode(kinds[0], item) for item in _list(value))
    if origin is np.ndarray:
        return _decode_array(value)
    return dict(_object(value))


def _decode_tuple(kinds: tuple[Any, ...], items: list[JsonValue]) -> tuple[Any, ...]:
    if kinds[-1] is Ellipsis:
        return tuple(_decode(kinds[0], item) for item in items)
    return tuple(_decode(kind, item) for kind, item in zip(kinds, items, strict=True))


def _decode_plain(kind: Any, value: JsonValue) -> Any:  # noqa: ANN401
    if kind is Path and isinstance(value, str):
        return path_from_text(value)
    if kind is float and isinstance(value, float | int) and not isinstance(value, bool):
        return float(value)
    if isinstance(kind, type) and type(value) is kind:
        return value
    message = f"{value!r} is not a {getattr(kind, '__name__', kind)}"
    raise TypeError(message)


def _decode_union(kinds: tuple[Any, ...], value: JsonValue) -> Any:  # noqa: ANN401
    if value is None and type(None) in kinds:
        return None
    if isinstance(value, dict) and value.keys() == {_UNAVAILABLE} and Unavailable in kinds:
        return Unavailable[str(value[_UNAVAILABLE])]
    others = [kind for kind in kinds if kind not in (Unavailable, type(None))]
    for kind in others[:-1]:
        try:
            return _decode(kind, value)
        except (TypeError, ValueError, KeyError):
            continue
    return _decode(others[-1], value)


def _decode_dataclass(kind: type, stored: dict[str, JsonValue]) -> object:
    hints = _type_hints(kind)
    return kind(**{name: _decode(hints[name], item) for name, item in stored.items() if name in hints})


@cache
def _type_hints(kind: type) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(kind)}
    module = vars(sys.modules[kind.__module__])
    return {name: hint for name, hint in get_type_hints(kind, globalns=module).items() if name in names}


def _one_of(choices: tuple[Any, ...], value: JsonValue) -> Any:  # noqa: ANN401
    if value in choices:
        return value
    message = f"{value!r} is none of {', '.join(map(str, choices))}"
    raise ValueError(message)


def _list(value: JsonValue) -> list[JsonValue]:
    if not isinstance(value, list):
        message = f"{value!r} is not a list"
        raise TypeError(message)
    return value


def _object(value: JsonValue) -> dict[str, JsonValue]:
    if not isinstance(value, dict):
        message = f"{value!r} is not an object"
        raise TypeError(message)
    return value
