"""Cell arrays out of MATLAB files of version 7.3, which are HDF5: one cell at a time, with h5py."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from geolocdesk.errors import SourceError
from geolocdesk.reference.sources.matlab_cells import LARGEST_CELL_BYTES, Cell, cannot_read

if TYPE_CHECKING:
    import h5py

_BLOCK = 1024
_READING_ERRORS = (
    OSError,
    RuntimeError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    MemoryError,
)
"""What h5py raises on files that are damaged."""


def require_h5py() -> None:
    """Raise SourceError where the optional package that reads these files is not installed."""
    try:
        import h5py  # noqa: F401
    except ImportError as error:
        message = (
            "MATLAB files of version 7.3 need the optional Python package h5py, which is not installed: "
            "pip install geolocdesk[mat]. Or save the files anew in MATLAB with the option -v7."
        )
        raise SourceError(message) from error


@dataclass(frozen=True, slots=True)
class Mat73Cells:
    """One cell array: a data set of references to data sets."""

    path: Path
    name: str
    count: int

    def cells(self) -> Iterator[Cell]:
        """Yield every cell in order. Raises SourceError where the file turns out damaged."""
        with _opened(self.path) as file:
            array = file[self.name]
            for start in range(0, self.count, _BLOCK):
                block = slice(start, start + _BLOCK)
                references = array[block, 0] if array.shape[1] == 1 else array[0, block]
                for reference in references:
                    yield _cell(file, reference)


def find_cell_arrays(path: Path, names: Collection[str]) -> dict[str, Mat73Cells]:
    """Return the cell arrays of these names in a file; those that are missing are missing here.

    Raises SourceError where the file is damaged or a variable of such a name is no row or column of cells.
    """
    import h5py

    found: dict[str, Mat73Cells] = {}
    with _opened(path) as file:
        for name in names:
            link = file.get(name, getlink=True)
            if link is None:
                continue
            array = file[name] if isinstance(link, h5py.HardLink) else None  # others may lead out of the file
            if not isinstance(array, h5py.Dataset) or not _is_line_of_cells(array):
                raise cannot_read(path, f"its variable {name} is no row or column of cells")
            found[name] = Mat73Cells(path, name, int(array.size))
    return found


@contextmanager
def _opened(path: Path) -> "Iterator[h5py.File]":
    import h5py

    try:
        with h5py.File(path, "r") as file:
            yield file
    except _READING_ERRORS as error:
        raise cannot_read(path, f"it is damaged ({error})") from error


def _is_line_of_cells(array: "h5py.Dataset") -> bool:
    import h5py

    holds_references = h5py.check_ref_dtype(array.dtype) is h5py.Reference
    return holds_references and array.ndim == 2 and 1 in array.shape and _is_plain(array)


def _is_plain(array: "h5py.Dataset") -> bool:
    """Return whether the numbers lie in this file and not in others it names."""
    return not array.is_virtual and not array.external


def _cell(file: "h5py.File", reference: "h5py.Reference") -> Cell:
    import h5py

    item = file[reference] if reference else None
    if not isinstance(item, h5py.Dataset) or item.nbytes > LARGEST_CELL_BYTES or not _is_plain(item):
        return None
    if item.dtype.kind not in "fiu" or "MATLAB_empty" in item.attrs:  # an empty array's numbers are its sizes
        return None
    values = item[()]
    if item.attrs.get("MATLAB_class") == b"char":
        return _text(values)
    return np.asarray(values, np.float64).ravel()


def _text(values: "np.ndarray[tuple[int, ...], np.dtype[np.uint16]]") -> Cell:
    if values.dtype != np.uint16 or values.size != max(values.shape, default=0):
        return None
    try:
        return values.astype("<u2").tobytes().decode("utf-16-le")
    except UnicodeDecodeError:
        return None
