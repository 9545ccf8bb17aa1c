"""Cell arrays read one cell at a time, against files that scipy and h5py wrote."""

import struct
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geolocdesk.errors import SourceError
from geolocdesk.reference.sources import matlab5, matlab73
from geolocdesk.reference.sources.matlab_cells import Cell, mat_format
from tests.unit.reference.mat_writer import WRITERS, Writer, cells, write_mat


def read(path: Path, name: str = "values") -> list[Cell]:
    module = matlab5 if mat_format(path) == "5" else matlab73
    found = module.find_cell_arrays(path, [name])
    array = found[name]
    read_cells = list(array.cells())
    assert len(read_cells) == array.count
    return read_cells


def write(folder: Path, writer: Writer, values: Sequence[object], *, column: bool = False) -> Path:
    path = folder / "some.mat"
    write_mat(path, writer, {"other": ["x"], "values": values}, column=column)
    return path


@pytest.mark.parametrize("column", [False, True])
@pytest.mark.parametrize("writer", WRITERS)
def test_text_and_numbers_of_every_writer(tmp_path: Path, writer: Writer, column: bool) -> None:
    numbers = np.linspace(-1, 1, 512).astype(np.float32)
    values = ["1234_Ü木.jpg", numbers.reshape(-1, 1), numbers.reshape(1, -1).astype(np.float64), "a"]
    text, single, double, short = read(write(tmp_path, writer, values, column=column))
    assert (text, short) == ("1234_Ü木.jpg", "a")
    np.testing.assert_array_equal(single, numbers)
    np.testing.assert_array_equal(double, numbers.astype(np.float64))


@pytest.mark.parametrize("kind", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
@pytest.mark.parametrize("writer", WRITERS)
def test_numbers_of_every_type(tmp_path: Path, writer: Writer, kind: str) -> None:
    (value,) = read(write(tmp_path, writer, [np.array([[1, 2, 100]], kind)]))
    np.testing.assert_array_equal(value, [1.0, 2.0, 100.0])


@pytest.mark.parametrize("writer", WRITERS)
def test_numbers_come_column_by_column(tmp_path: Path, writer: Writer) -> None:
    (value,) = read(write(tmp_path, writer, [np.array([[1.0, 2.0], [3.0, 4.0]])]))
    np.testing.assert_array_equal(value, [1.0, 3.0, 2.0, 4.0])


@pytest.mark.parametrize("writer", WRITERS)
def test_an_empty_cell_has_no_numbers(tmp_path: Path, writer: Writer) -> None:
    empty, pair = read(write(tmp_path, writer, [np.empty((0, 0)), np.array([[1.0, 2.0]])]))
    assert empty is None or len(empty) == 0
    np.testing.assert_array_equal(pair, [1.0, 2.0])


def test_cells_of_other_kinds_are_nothing(tmp_path: Path) -> None:
    values = [{"a": 1.0}, np.array([[1 + 2j]]), cells(["nested"]), np.array(["ab", "cd"]), "text"]
    assert read(write(tmp_path, "v7", values)) == [None, None, None, None, "text"]


def test_big_endian_files(tmp_path: Path) -> None:
    """Written by hand from the format's description, as no writer at hand makes them."""

    def element(kind: int, content: bytes) -> bytes:
        return struct.pack(">II", kind, len(content)) + content + bytes(-len(content) % 8)

    def array(array_class: int, sizes: tuple[int, int], name: bytes, content: bytes) -> bytes:
        flags = element(6, struct.pack(">II", array_class, 0))
        return element(14, flags + element(5, struct.pack(">ii", *sizes)) + element(1, name) + content)

    number = array(6, (1, 2), b"", element(9, struct.pack(">dd", 48.5, -1.25)))
    text = array(4, (1, 2), b"", struct.pack(">HH", 4, 4) + "hé".encode("utf-16-be"))
    variable = array(1, (1, 2), b"values", number + text)
    packed = zlib.compress(variable)
    for content in (variable, struct.pack(">II", 15, len(packed)) + packed):
        path = tmp_path / "big.mat"
        path.write_bytes(b"MATLAB 5.0".ljust(124) + b"\x01\x00MI" + content)
        assert scipy.io.loadmat(path)["values"].shape == (1, 2)
        pair, word = read(path)
        np.testing.assert_array_equal(pair, [48.5, -1.25])
        assert word == "hé"


@pytest.mark.parametrize("writer", WRITERS)
def test_what_is_no_line_of_cells_is_refused(tmp_path: Path, writer: Writer) -> None:
    path = tmp_path / "some.mat"
    if writer == "v7.3":
        with h5py.File(path, "w") as file:
            file["values"] = np.ones((2, 2))
    else:
        scipy.io.savemat(path, {"values": np.ones((2, 2))}, do_compression=writer == "v7")
    with pytest.raises(SourceError, match="values is no row or column of cells"):
        read(path)


def test_a_table_of_cells_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "some.mat"
    scipy.io.savemat(path, {"values": np.array([["a", "b"], ["c", "d"]], object)})
    with pytest.raises(SourceError, match="no row or column"):
        read(path)


@pytest.mark.parametrize("link", [h5py.SoftLink("/elsewhere"), h5py.ExternalLink("secret.h5", "/values")])
def test_links_that_lead_elsewhere_are_not_followed(tmp_path: Path, link: object) -> None:
    write_mat(tmp_path / "secret.h5", "v7.3", {"values": ["secret"]})
    path = tmp_path / "some.mat"
    with h5py.File(path, "w") as file:
        file["values"] = link
    with pytest.raises(SourceError, match="no row or column"):
        read(path)


def test_numbers_kept_in_another_file_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.bin"
    secret.write_bytes(np.array([1.0, 2.0]).tobytes())
    path = tmp_path / "some.mat"
    with h5py.File(path, "w") as file:
        outside = file.create_dataset("outside", (2,), "f8", external=[(str(secret), 0, 16)])
        array = file.create_dataset("values", (1, 1), h5py.ref_dtype)
        array[0, 0] = outside.ref
    assert read(path) == [None]


@pytest.mark.parametrize("content", [b"", b"MATLAB 5.0", bytes(200), b"not a MATLAB file at all" * 30])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "some.mat"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"some\.mat cannot be used: it is no MATLAB file"):
        mat_format(path)


def test_a_cell_beyond_all_measure_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="damaged"):
        read(write(tmp_path, "v7", [np.zeros((1, 200_000))]))


@given(data=st.data(), writer=st.sampled_from(WRITERS))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_changed_or_shortened_file_gives_cells_or_a_sentence(
    tmp_path: Path, data: st.DataObject, writer: Writer
) -> None:
    path = write(tmp_path, writer, ["id", np.array([[1.0, 2.0]]), np.ones((20, 1), np.float32)])
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with suppress(SourceError, KeyError):  # KeyError: the variable's own name was changed
        read(path)
