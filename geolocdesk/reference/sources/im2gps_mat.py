"""The references that Vo, Jacobs and Hays (2017) released: a folder of MATLAB files with descriptors, no photos.

Each file has three cell arrays of equal length: ``file_ids`` (text), ``file_features`` (the network's numbers) and
``file_gps`` (latitude, longitude).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import SourceError
from geolocdesk.features.descriptor import unit_rows
from geolocdesk.geodesy import Position
from geolocdesk.provenance import JsonValue, sha256_of_file, sha256_of_json
from geolocdesk.reference.sources import matlab5, matlab73
from geolocdesk.reference.sources.flickr import flickr_photo
from geolocdesk.reference.sources.matlab_cells import Cell, CellArray, cannot_read, mat_format
from geolocdesk.reference.sources.source import DescribedRows, SourceRow, rejected_row

IDS, FEATURES, POSITIONS = "file_ids", "file_features", "file_gps"

_NAMES = (IDS, FEATURES, POSITIONS)
_BLOCK = 4096
_LONGEST_ID = 1024

Described = tuple[SourceRow, NDArray[np.float64] | None]
"""A row, and its numbers unless it is rejected."""


@dataclass(frozen=True, slots=True)
class _MatFile:
    """One file of the folder: its cell arrays by name, or why it has none."""

    path: Path
    first: int
    """Number of its first row in the source."""
    count: int
    arrays: dict[str, CellArray]
    rejected: str = ""


class Im2gpsMatSource:
    """The rows of every ``.mat`` file in a folder, in the order of the files' names; never loaded whole."""

    def __init__(self, folder: Path) -> None:
        """Find the files. Raises SourceError where there are none, or what reads them is not installed."""
        self._folder = folder
        self._paths = _mat_files(folder)
        if any(_is_7_3(path) for path in self._paths):
            matlab73.require_h5py()

    @property
    def name(self) -> str:
        """Return the folder's name."""
        return self._folder.resolve().name

    def count(self) -> int:
        """Return how many rows the files say they have; a file that cannot be used counts as one."""
        return sum(file.count for file in self._files)

    def described(self, dimension: int, after: int = -1) -> Iterator[DescribedRows]:
        """Yield the rows numbered beyond ``after``, up to a few thousand at once.

        A row whose id, position or numbers cannot be used is rejected, and so is what is left of a damaged file.
        """
        for file in self._files:
            if file.first + file.count - 1 <= after:
                continue
            rows = (item for item in _rows(file, dimension) if item[0].number > after)
            while block := list(islice(rows, _BLOCK)):
                yield _block(block, dimension)

    def to_json(self) -> dict[str, JsonValue]:
        """Return the format, the folder's name, and one hash over every file's name and content."""
        return {
            "format": "im2gps-mat",
            "name": self.name,
            "files": len(self._paths),
            "sha256": self._sha256,
        }

    @cached_property
    def _sha256(self) -> str:
        try:
            hashes: dict[str, JsonValue] = {path.name: sha256_of_file(path) for path in self._paths}
        except OSError as error:
            message = f"The folder {self._folder} cannot be read ({error}); check its files and your rights."
            raise SourceError(message) from error
        return sha256_of_json(hashes)

    @cached_property
    def _files(self) -> tuple[_MatFile, ...]:
        files: list[_MatFile] = []
        first = 0
        for path in self._paths:
            files.append(_open(path, first))
            first += files[-1].count
        return tuple(files)


def _mat_files(folder: Path) -> tuple[Path, ...]:
    if not folder.is_dir():
        message = f"{folder} is not a folder; name the folder with the .mat files."
        raise SourceError(message)
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".mat" and path.is_file())
    if not paths:
        message = f"There is no .mat file in {folder}; name the folder with the released references."
        raise SourceError(message)
    return tuple(paths)


def _is_7_3(path: Path) -> bool:
    try:
        return mat_format(path) == "7.3"
    except SourceError:
        return False  # said of the file itself, as a rejected row


def _open(path: Path, first: int) -> _MatFile:
    try:
        arrays = _cell_arrays(path)
        counts = {array.count for array in arrays.values()}
        if len(counts) != 1:
            lengths = ", ".join(f"{name} {arrays[name].count}" for name in _NAMES)
            raise cannot_read(path, f"its cell arrays differ in length ({lengths})")
    except SourceError as error:
        return _MatFile(path, first, 1, {}, error.message)
    return _MatFile(path, first, counts.pop(), arrays)


def _cell_arrays(path: Path) -> dict[str, CellArray]:
    module = matlab5 if mat_format(path) == "5" else matlab73
    arrays: dict[str, CellArray] = {**module.find_cell_arrays(path, _NAMES)}
    missing = [name for name in _NAMES if name not in arrays]
    if missing:
        raise cannot_read(path, f"it lacks the cell array {', '.join(missing)}")
    return arrays


def _rows(file: _MatFile, dimension: int) -> Iterator[Described]:
    if file.rejected:
        yield _rejected(file, 0, file.path.name, file.rejected), None
        return
    done = 0
    try:
        for cells in zip(*(file.arrays[name].cells() for name in _NAMES), strict=True):
            yield _row(file, done, cells, dimension)
            done += 1
    except SourceError as error:
        reason = f"{error.message} This row and those after it in the file are lost."
        yield _rejected(file, done, f"{file.path.name}#{done + 1}", reason), None


def _row(file: _MatFile, index: int, cells: tuple[Cell, ...], dimension: int) -> Described:
    reference_id, features, position = cells
    name = f"{file.path.name}#{index + 1}"  # as MATLAB counts
    if not isinstance(reference_id, str) or not 0 < len(reference_id.strip()) <= _LONGEST_ID:
        return _rejected(file, index, name, "its id in file_ids is no text"), None
    own_id = reference_id.strip()
    name = f"{name} ({own_id})"
    where = _position(position)
    if isinstance(where, str):
        return _rejected(file, index, name, where), None
    if not isinstance(features, np.ndarray):
        return _rejected(file, index, name, "its descriptor in file_features is not numbers"), None
    if fault := _fault(features, dimension):
        return _rejected(file, index, name, fault), None
    published = flickr_photo(own_id)
    row = SourceRow(
        number=file.first + index,
        file=f"{file.path.name}#{index + 1}",
        path=file.path,
        reference_id=own_id,
        position=where,
        photographer=published.photographer,
        url=published.url,
    )
    return row, features


def _position(cell: Cell) -> Position | str:
    if not isinstance(cell, np.ndarray) or len(cell) != 2:
        return "its position in file_gps is not two numbers"
    latitude, longitude = float(cell[0]), float(cell[1])
    if not (-90.0 <= latitude <= 90.0 and -180.0 <= longitude <= 180.0):
        return f"latitude {latitude} or longitude {longitude} is out of range (±90, ±180 degrees)"
    return Position(latitude, longitude)


def _fault(features: NDArray[np.float64], dimension: int) -> str:
    """Return why numbers in file_features cannot be a descriptor, or an empty text."""
    if len(features) != dimension:
        return f"its descriptor in file_features has {len(features)} numbers; the model makes {dimension}"
    if not np.isfinite(features).all():
        return "its descriptor in file_features has numbers that are not finite"
    return "" if features.any() else "its descriptor in file_features is all zeros"


def _rejected(file: _MatFile, index: int, name: str, reason: str) -> SourceRow:
    return rejected_row(name, file.path, reason, number=file.first + index)


def _block(block: list[Described], dimension: int) -> DescribedRows:
    kept = [(row, features) for row, features in block if features is not None]
    vectors = np.stack([features for _, features in kept]) if kept else np.empty((0, dimension))
    return DescribedRows(
        rows=tuple(row for row, _ in kept),
        vectors=unit_rows(vectors),
        rejected=tuple(row for row, features in block if features is None),
    )
