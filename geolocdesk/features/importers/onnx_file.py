"""What an ONNX file holds, read without running or loading it: refused where it is more than a plain network.

Field numbers as in ONNX's published ``onnx.proto``.
"""

import math
from collections.abc import Iterator
from pathlib import Path

from geolocdesk.errors import ModelError
from geolocdesk.features.importers.wire_format import Field, WireFile, WireType, varints
from geolocdesk.features.weights import LARGEST_WEIGHTS_BYTES, unreadable

_PLAIN_DOMAINS = {"", "ai.onnx", "com.microsoft"}
"""Operators that ONNX Runtime itself brings."""

_ENDLESS = {"Loop", "Scan", "SequenceMap"}
"""Operators that may run for ever."""

_MOST_ELEMENTS = 1 << 31
_LONGEST_TEXT_BYTES = 4096
_DEEPEST_GRAPH = 8
_MOST_DIMENSIONS = 32


def check_onnx(path: Path) -> None:
    """Raise ModelError where a file is no ONNX network, or needs more than itself, or states absurd sizes."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_WEIGHTS_BYTES:
            message = (
                f"{path} is no ONNX file: not a plain file of at most {LARGEST_WEIGHTS_BYTES >> 30} GiB."
            )
            raise ModelError(message)
        with path.open("rb") as stream:
            file = WireFile(stream, path, "ONNX network", "ONNX file")
            _check_model(file, path)
    except OSError as error:
        raise unreadable(path, error) from error


def _check_model(file: WireFile, path: Path) -> None:
    graphs = 0
    for field in file.fields():
        if field.wire_type is not WireType.BYTES:
            continue
        if field.number == 7:
            _check_graph(file, path, field, 0)
            graphs += 1
        elif field.number == 8:
            _check_domain(path, _text(file, field, 1))
        elif field.number == 25:
            for inner in _inner(file, field, 7):
                _check_node(file, path, inner, 0)
    if graphs != 1:
        reason = "it holds no network"
        raise file.fault(reason)


def _check_graph(file: WireFile, path: Path, graph: Field, depth: int) -> None:
    if depth > _DEEPEST_GRAPH:
        reason = "networks within networks"
        raise file.fault(reason)
    for field in file.fields(graph.start, graph.size_bytes):
        if field.wire_type is not WireType.BYTES:
            continue
        if field.number == 1:
            _check_node(file, path, field, depth)
        elif field.number == 5:
            _check_tensor(file, path, field)
        elif field.number in {11, 12, 13}:
            _check_value(file, path, field)


def _check_node(file: WireFile, path: Path, node: Field, depth: int) -> None:
    operator = ""
    for field in file.fields(node.start, node.size_bytes):
        if field.wire_type is not WireType.BYTES:
            continue
        if field.number == 4:
            operator = _decoded(file, field)
        elif field.number == 7:
            _check_domain(path, _decoded(file, field))
        elif field.number == 5:
            _check_attribute(file, path, field, depth)
    if operator in _ENDLESS:
        message = f"{path} holds a loop ({operator}), which might never end; export the network without one."
        raise ModelError(message)


def _check_attribute(file: WireFile, path: Path, attribute: Field, depth: int) -> None:
    for field in file.fields(attribute.start, attribute.size_bytes):
        if field.wire_type is not WireType.BYTES:
            continue
        if field.number in {5, 10}:
            _check_tensor(file, path, field)
        elif field.number in {6, 11}:
            _check_graph(file, path, field, depth + 1)


def _check_tensor(file: WireFile, path: Path, tensor: Field) -> None:
    dimensions: list[int] = []
    for field in file.fields(tensor.start, tensor.size_bytes):
        if field.number == 1 and field.wire_type is WireType.VARINT:
            dimensions.append(field.varint)
        elif field.number == 1 and field.wire_type is WireType.BYTES:
            content = file.content(field, _LONGEST_TEXT_BYTES)
            dimensions += varints(content, file.fault("a shape that ends within a number"))
        elif field.number == 13 or (field.number == 14 and field.varint == 1):
            message = f"The weights of {path} lie in another file; save the network with its weights in one."
            raise ModelError(message)
    _check_size(path, dimensions)


def _check_value(file: WireFile, path: Path, value: Field) -> None:
    """Check a stated shape: ValueInfoProto, TypeProto, Tensor, TensorShapeProto, Dimension."""
    for kind in _inner(file, value, 2):
        for tensor in _inner(file, kind, 1):
            for shape in _inner(file, tensor, 2):
                dimensions = [
                    size.varint
                    for dimension in _inner(file, shape, 1)
                    for size in file.fields(dimension.start, dimension.size_bytes)
                    if size.number == 1 and size.wire_type is WireType.VARINT
                ]
                _check_size(path, dimensions)


def _check_size(path: Path, dimensions: list[int]) -> None:
    if len(dimensions) > _MOST_DIMENSIONS or math.prod(dimensions) > _MOST_ELEMENTS:
        shown = " × ".join(map(str, dimensions[:6]))
        message = (
            f"{path} states a tensor of {shown} numbers, which no image encoder needs; it is not opened."
        )
        raise ModelError(message)


def _check_domain(path: Path, domain: str) -> None:
    if domain not in _PLAIN_DOMAINS:
        message = (
            f"{path} needs operators of its own (“{domain}”), which would be a program; it is not opened."
        )
        raise ModelError(message)


def _inner(file: WireFile, outer: Field, number: int) -> Iterator[Field]:
    for field in file.fields(outer.start, outer.size_bytes):
        if field.number == number and field.wire_type is WireType.BYTES:
            yield field


def _text(file: WireFile, outer: Field, number: int) -> str:
    return next((_decoded(file, field) for field in _inner(file, outer, number)), "")


def _decoded(file: WireFile, field: Field) -> str:
    return file.content(field, _LONGEST_TEXT_BYTES).decode("utf-8", "replace")
