"""Writes folders of references as Vo, Jacobs and Hays released them, with other people's writers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import h5py
import numpy as np
import scipy.io
from numpy.typing import NDArray

Writer = Literal["v6", "v7", "v7.3"]
"""As MATLAB calls them: level 5 plain, level 5 compressed, HDF5."""

WRITERS: tuple[Writer, ...] = ("v6", "v7", "v7.3")


def cells(values: Sequence[object], *, column: bool = False) -> NDArray[np.object_]:
    """Return a row (or column) of cells."""
    array = np.empty((1, len(values)), object)
    array[0, :] = values
    return array.T if column else array


def write_mat(
    path: Path, writer: Writer, variables: dict[str, Sequence[object]], *, column: bool = False
) -> None:
    """Write one file with a cell array a variable; cells are text, or arrays with two dimensions."""
    if writer == "v7.3":
        _write_hdf5(path, variables, column=column)
        return
    arrays = {name: cells(values, column=column) for name, values in variables.items()}
    scipy.io.savemat(path, arrays, do_compression=writer == "v7")


def _write_hdf5(path: Path, variables: dict[str, Sequence[object]], *, column: bool) -> None:
    """Write what MATLAB writes: references into ``#refs#``, arrays with their dimensions turned round."""
    with h5py.File(path, "w", userblock_size=512) as file:
        pool = file.create_group("#refs#")
        for name, values in variables.items():
            references = [_pooled(pool, f"{name}{index}", value) for index, value in enumerate(values)]
            shape = (1, len(values)) if column else (len(values), 1)
            array = file.create_dataset(name, shape, h5py.ref_dtype)
            for index, reference in enumerate(references):
                array[(0, index) if column else (index, 0)] = reference
            array.attrs["MATLAB_class"] = np.bytes_(b"cell")
    with path.open("r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")


def _pooled(pool: h5py.Group, name: str, value: object) -> h5py.Reference:
    if isinstance(value, str):
        units = np.frombuffer(value.encode("utf-16-le"), np.uint16)
        return _pooled_array(pool, name, units.reshape(-1, 1), b"char")
    array = np.asarray(value)
    return _pooled_array(pool, name, array.T, {"f": b"single"}.get(array.dtype.char, b"double"))


def _pooled_array(
    pool: h5py.Group, name: str, array: NDArray[np.generic], matlab_class: bytes
) -> h5py.Reference:
    empty = array.size == 0
    stored = np.array(array.shape[::-1], np.uint64) if empty else array  # MATLAB keeps an empty array's sizes
    data = pool.create_dataset(name, data=stored)
    data.attrs["MATLAB_class"] = np.bytes_(matlab_class)
    if empty:
        data.attrs["MATLAB_empty"] = np.uint8(1)
    return data.ref
