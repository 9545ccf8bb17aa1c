"""Only the positions of a table, for millions of rows."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import SourceError
from geolocdesk.reference.sources.csv_file import position_of, read_table
from geolocdesk.reference.sources.selection import Selection


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """``positions`` float64[n, 2] (latitude, longitude), and a sentence for every row that has none."""

    positions: NDArray[np.float64]
    rejected: tuple[str, ...]


def read_positions(path: Path, selection: Selection) -> Positions:
    """Return the positions of the selected rows of a CSV. Raises SourceError where there is none at all."""
    numbers: list[float] = []
    rejected: list[str] = []
    for number, row in enumerate(read_table(path, ("latitude", "longitude"), selection), start=1):
        position = position_of(row)
        if isinstance(position, str):
            rejected.append(f"{path}, selected row {number}: {position}")
        else:
            numbers += (position.latitude, position.longitude)
    if not numbers:
        message = f"No row of {path} has a position; it needs the columns latitude and longitude in degrees."
        raise SourceError(message)
    return Positions(np.array(numbers).reshape(-1, 2), tuple(rejected))
