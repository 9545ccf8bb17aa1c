"""Cell arrays in MATLAB files, one cell at a time: what they are, and which reader a file needs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import SourceError

Cell = str | NDArray[np.float64] | None
"""A row of text, real numbers float64[n] (column by column), or None where a cell holds anything else."""

LARGEST_CELL_BYTES = 1 << 20

MatFormat = Literal["5", "7.3"]

_HEADER_BYTES = 128
_HDF5 = b"\x89HDF\r\n\x1a\n"
_HDF5_AFTER_BYTES = 512
_ORDERS = {b"IM": b"\x00\x01", b"MI": b"\x01\x00"}
"""The mark of the byte order, and the version 0x0100 written in that order."""


class CellArray(Protocol):
    """A row or column of cells, which can be walked more than once."""

    @property
    def count(self) -> int:
        """Return how many cells there are."""

    def cells(self) -> Iterator[Cell]:
        """Yield every cell in order. Raises SourceError where the file turns out damaged."""


def mat_format(path: Path) -> MatFormat:
    """Return which kind of MATLAB file this is: 5 (up to version 7.2) or 7.3. Raises SourceError."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_HDF5_AFTER_BYTES + len(_HDF5))
    except OSError as error:
        raise cannot_read(path, error.strerror or str(error)) from error
    if head.startswith(_HDF5) or head[_HDF5_AFTER_BYTES:] == _HDF5:
        return "7.3"
    if len(head) >= _HEADER_BYTES and _ORDERS.get(head[126:128]) == head[124:126]:
        return "5"
    raise cannot_read(path, "it is no MATLAB file of version 5 to 7.3")


def cannot_read(path: Path, reason: str) -> SourceError:
    """Return the error for a file that does not hold what it should."""
    return SourceError(f"The file {path.name} cannot be used: {reason}.")
