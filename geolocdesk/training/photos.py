"""The photos to train on, and which of them are kept apart to judge by."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import SourceError, UsageError
from geolocdesk.provenance import sha256_of_json
from geolocdesk.reference.sources.csv_file import REQUIRED_COLUMNS, position_of, read_table
from geolocdesk.reference.sources.selection import Selection

GROUP_COLUMNS = ("place", "photographer")
_NEAR_DECIMALS = 2
"""Where a table names neither, photos within the same hundredth of a degree (1.1 km) belong together."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainingPhotos:
    """Photos with their positions, in the order of the table."""

    paths: tuple[Path, ...]
    files: tuple[str, ...]
    """As the table names them."""
    positions: NDArray[np.float64]
    """float64[n, 2]: latitude and longitude."""
    groups: NDArray[np.int64]
    """int64[n]: photos of one group share a place or a photographer."""
    grouped_by: str
    """In words."""
    rejected: tuple[str, ...] = ()
    """A sentence for each row that could not be used."""

    def __len__(self) -> int:
        """Return how many photos there are."""
        return len(self.paths)

    @property
    def sha256(self) -> str:
        """Return a hash of what the table says of them: files, positions and groups."""
        return sha256_of_json(
            {"files": [*self.files], "positions": self.positions.tolist(), "groups": self.groups.tolist()}
        )

    def without(self, unusable: Sequence[int], reasons: Sequence[str]) -> "TrainingPhotos":
        """Return the photos without those that turned out to be unreadable."""
        kept = np.setdiff1d(np.arange(len(self)), np.array(unusable, np.int64))
        return TrainingPhotos(
            paths=tuple(self.paths[number] for number in kept),
            files=tuple(self.files[number] for number in kept),
            positions=self.positions[kept],
            groups=self.groups[kept],
            grouped_by=self.grouped_by,
            rejected=(*self.rejected, *reasons),
        )


def read_training_photos(path: Path, selection: Selection) -> TrainingPhotos:
    """Return the selected photos of a CSV with the columns file, latitude, longitude, and place or photographer.

    Raises SourceError where the table is unusable or no row has a position.
    """
    files: list[str] = []
    positions: list[tuple[float, float]] = []
    names: list[tuple[str, ...]] = []
    rejected: list[str] = []
    for number, row in enumerate(read_table(path, REQUIRED_COLUMNS, selection), start=1):
        position = position_of(row)
        if isinstance(position, str) or not row["file"]:
            reason = position if isinstance(position, str) else "file is empty"
            rejected.append(f"{path}, selected row {number}: {reason}")
            continue
        files.append(row["file"])
        positions.append((position.latitude, position.longitude))
        names.append(tuple(row.get(column, "") for column in GROUP_COLUMNS))
    if not files:
        message = f"No selected row of {path} is a photo with a position; check --where."
        raise SourceError(message)
    where = np.array(positions)
    groups, grouped_by = _groups(names, where)
    return TrainingPhotos(
        paths=tuple(path.parent / file for file in files),
        files=tuple(files),
        positions=where,
        groups=groups,
        grouped_by=grouped_by,
        rejected=tuple(rejected),
    )


def _groups(names: list[tuple[str, ...]], positions: NDArray[np.float64]) -> tuple[NDArray[np.int64], str]:
    """Return a number a photo, the same for all that share a place or a photographer, and what was gone by."""
    used = [column for number, column in enumerate(GROUP_COLUMNS) if any(values[number] for values in names)]
    owners: dict[tuple[str, str], int] = {}
    root = list(range(len(names)))

    def find(number: int) -> int:
        while root[number] != number:
            root[number] = root[root[number]]
            number = root[number]
        return number

    for number, values in enumerate(names):
        keys = [(column, value) for column, value in zip(GROUP_COLUMNS, values, strict=True) if value]
        if not keys:
            latitude, longitude = np.round(positions[number], _NEAR_DECIMALS).tolist()
            keys = [("position", f"{latitude} {longitude}")]
        for key in keys:
            root[find(number)] = find(owners.setdefault(key, number))
    roots = np.array([find(number) for number in range(len(names))], np.int64)
    groups: NDArray[np.int64] = np.unique(roots, return_inverse=True)[1].astype(np.int64)
    return groups, " and ".join(used) if used else "position, to a hundredth of a degree"


def choose_validation(photos: TrainingPhotos, share: float, seed: int) -> NDArray[np.bool_]:
    """Return which photos are kept apart, whole groups at a time, about ``share`` of all.

    The choice of a group depends on its first file's name and the seed, not on its companions. Raises UsageError
    where one group is so large that nothing sensible is left on either side.
    """
    if share == 0.0:
        return np.zeros(len(photos), np.bool_)
    members: dict[int, list[int]] = defaultdict(list)
    for number, group in enumerate(photos.groups.tolist()):
        members[group].append(number)

    def draw(group: int) -> bytes:
        name = f"{seed} {photos.files[members[group][0]]}"
        return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()

    kept = np.zeros(len(photos), np.bool_)
    for group in sorted(members, key=draw):
        if kept.sum() + len(members[group]) <= 1.2 * share * len(photos):
            kept[members[group]] = True
        if kept.sum() >= share * len(photos):
            break
    if not kept.any():
        message = (
            f"No share of about {share:.0%} of the photos can be kept apart by {photos.grouped_by} without parting "
            "a group; name more photos, or give --validation 0 to train without judging."
        )
        raise UsageError(message)
    return kept
