"""Cell arrays out of MATLAB files of version 7.3, which are HDF5: one cell at a time, with h5py."""

import math
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

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
    return (
        holds_references
        and array.ndim == 2
        and 1 in array.shape
        and _lies_within(array.id.get_create_plist())
    )


def _cell(file: "h5py.File", reference: "h5py.Reference") -> Cell:
    """Return what a reference leads to, by h5py's low-level calls: the others take four times as long."""
    from h5py import h5a, h5d, h5r, h5s

    item = h5r.dereference(reference, file.id) if reference else None
    if not isinstance(item, h5d.DatasetID) or not _lies_within(item.get_create_plist()):
        return None
    shape, number_type = item.shape, item.dtype
    if number_type.kind not in "fiu" or math.prod(shape) * number_type.itemsize > LARGEST_CELL_BYTES:
        return None
    if h5a.exists(item, b"MATLAB_empty"):  # an empty array's numbers are its sizes
        return None
    values = np.empty(shape, number_type)
    item.read(h5s.ALL, h5s.ALL, values)
    if number_type.kind == "u" and number_type.itemsize == 2 and _matlab_class(item) == b"char":
        return _text(values)
    return values.astype(np.float64).ravel()


def _lies_within(properties: "h5py.h5p.PropDCID") -> bool:
    """Return whether a data set's numbers lie in this file and not in others it names."""
    from h5py import h5d

    return bool(properties.get_layout() != h5d.VIRTUAL and properties.get_external_count() == 0)


def _matlab_class(item: "h5py.h5d.DatasetID") -> object:
    from h5py import h5a

    if not h5a.exists(item, b"MATLAB_class"):
        return b""
    attribute = h5a.open(item, b"MATLAB_class")
    if attribute.shape != () or attribute.dtype.kind != "S":
        return b""
    text = np.empty((), attribute.dtype)
    attribute.read(text)
    return text[()]


def _text(values: NDArray[np.unsignedinteger[Any]]) -> Cell:
    if values.size != max(values.shape, default=0):
        return None  # several rows of text
    try:
        return values.astype("<u2").tobytes().decode("utf-16-le")
    except UnicodeDecodeError:
        return None
