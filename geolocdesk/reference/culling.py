"""What is left out of a pack on request: copies, and photos beyond so many a photographer or place."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geolocdesk.geodesy import great_circle_km
from geolocdesk.progress import ProgressCallback
from geolocdesk.provenance import JsonValue
from geolocdesk.reference.copy_distance import copy_distance
from geolocdesk.reference.index import EXACT_UP_TO
from geolocdesk.reference.manifest import DUPLICATES_NAME, LEFT_OUT_NAME
from geolocdesk.reference.near_duplicates import Copy, CopySearch
from geolocdesk.reference.neighbours import ReferencePhoto
from geolocdesk.reference.pack import Pack
from geolocdesk.reference.segment_writer import write_table
from geolocdesk.unavailable import Unavailable

Duplicates = Literal["auto", "report", "drop", "skip"]
"""What to do about copies; ``auto`` reports them, but looks for none where that would take most of the time."""


@dataclass(frozen=True, slots=True)
class CullingOptions:
    """What becomes of copies, and how many photos one photographer or place may have.

    Copies are reported and kept unless asked otherwise: two photos may resemble each other to a hair and still
    be two pieces of evidence, and what was dropped from a pack cannot be found in it.
    """

    duplicates: Duplicates = "auto"
    max_per_photographer: int | None = None
    max_per_place: int | None = None

    def to_json(self) -> dict[str, JsonValue]:
        """Return the options as plain JSON values."""
        return {
            "duplicates": self.duplicates,
            "max_per_photographer": self.max_per_photographer,
            "max_per_place": self.max_per_place,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Culled:
    """The photos to be looked through, numbered from 0, with their descriptors float32[count, D]."""

    count: int
    photos: Callable[[], Iterator[tuple[ReferencePhoto, str]]]
    vectors: NDArray[np.float32]
    picture: Callable[[int], bytes | None]
    """Returns the small picture of a photo as JPEG, or None where there is none."""


@dataclass(frozen=True, slots=True)
class ListedCopy:
    """A line of ``duplicates.csv``."""

    reference_id: str
    file: str
    duplicate_of: str
    distance: float
    same_file: bool
    correlation: float | None
    apart_km: float
    """Between the positions that the two claim."""
    dropped: bool


@dataclass(frozen=True, slots=True)
class OverCap:
    """A line of ``left_out.csv``: a photo beyond what its photographer or place may have."""

    row: int
    reference_id: str
    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class CullingResult:
    """What was found, and what of it is to be left out."""

    options: CullingOptions
    copy_distance: float
    copies: tuple[Copy, ...]
    listed: tuple[ListedCopy, ...]
    over_caps: tuple[OverCap, ...]

    def left_out_rows(self) -> list[int]:
        """Return the rows that are to be left out, ascending."""
        dropped = {copy.row for copy in self.copies if copy.dropped}
        return sorted(dropped | {over.row for over in self.over_caps})

    def to_json(self) -> dict[str, JsonValue]:
        """Return the options and the counts for a pack's history."""
        return {
            **self.options.to_json(),
            "duplicates_found": len(self.copies),
            "duplicates_dropped": sum(copy.dropped for copy in self.copies),
            "over_caps": len(self.over_caps),
            "left_out": len(self.left_out_rows()),
        }

    def write_lists(self, folder: Path) -> None:
        """Write ``duplicates.csv`` where copies were looked for, and ``left_out.csv`` where there are caps."""
        if self.options.duplicates != "skip":
            write_table(
                folder / DUPLICATES_NAME,
                (
                    "reference_id",
                    "file",
                    "duplicate_of",
                    "descriptor_distance",
                    "same_file",
                    "picture_correlation",
                    "apart_km",
                    "left_out",
                ),
                (
                    (
                        copy.reference_id,
                        copy.file,
                        copy.duplicate_of,
                        f"{copy.distance:.6f}",
                        "yes" if copy.same_file else "no",
                        "" if copy.correlation is None else f"{copy.correlation:.4f}",
                        f"{copy.apart_km:.3f}",
                        "yes" if copy.dropped else "no",
                    )
                    for copy in self.listed
                ),
            )
        if self.options.max_per_photographer is not None or self.options.max_per_place is not None:
            write_table(
                folder / LEFT_OUT_NAME,
                ("reference_id", "file", "reason"),
                ((over.reference_id, over.file, over.reason) for over in self.over_caps),
            )


def cull(
    photos: Culled,
    options: CullingOptions,
    *,
    pack: Pack | None,
    described_now: bool,
    scratch: Path,
    progress: ProgressCallback,
) -> CullingResult:
    """Return which photos are copies of earlier ones or of a pack's, and which go beyond the caps.

    ``described_now`` says that the network has just worked on all of them, so that looking for copies adds
    little; ``auto`` looks for them then, and among as many as are searched exactly.

    The pack's own photos stay, whatever the caps, and count towards them. Which photos of a photographer or
    place are kept follows from their ids alone, not from the order in which they come.
    """
    distance = (
        pack.copy_distance()
        if pack
        else copy_distance(photos.count, lambda rows: np.asarray(photos.vectors[rows]))
    )
    if options.duplicates == "auto":
        looks = described_now or photos.count <= EXACT_UP_TO
        options = replace(options, duplicates="report" if looks else "skip")
    copies: tuple[Copy, ...] = ()
    if options.duplicates != "skip":
        same_files, in_pack = _same_files(photos, pack)
        drop = options.duplicates == "drop"
        search = CopySearch(photos.vectors, same_files, distance, drop, photos.picture, pack, in_pack)
        copies = search.find(scratch, progress)
    dropped = frozenset(copy.row for copy in copies if copy.dropped)
    over_caps = _over_caps(photos, dropped, options, pack)
    return CullingResult(options, distance, copies, _listed(copies, photos, pack), over_caps)


def _same_files(photos: Culled, pack: Pack | None) -> tuple[dict[int, int], dict[int, int]]:
    """Return the rows whose content an earlier row, or a row of the pack, has as well, with that row."""
    hashes = np.zeros((photos.count, 2), np.uint64)
    known = np.zeros(photos.count, np.bool_)
    for photo, sha256 in photos.photos():
        if sha256:
            known[photo.row] = True
            hashes[photo.row] = np.frombuffer(bytes.fromhex(sha256)[:16], np.uint64)
    rows = np.flatnonzero(known)
    rows = rows[np.lexsort((rows, hashes[rows, 1], hashes[rows, 0]))]
    repeats = np.flatnonzero((hashes[rows[1:]] == hashes[rows[:-1]]).all(axis=1)) + 1
    same: dict[int, int] = {}
    for place in repeats:
        before = int(rows[place - 1])
        same[int(rows[place])] = same.get(before, before)
    in_pack: dict[int, int] = {}
    if pack is not None:
        for photo, sha256 in photos.photos():
            if sha256:
                found = pack.metadata.rows_with(sha256s=[sha256])
                if len(found):
                    in_pack[photo.row] = int(found[0])
    return same, in_pack


def _listed(copies: tuple[Copy, ...], photos: Culled, pack: Pack | None) -> tuple[ListedCopy, ...]:
    wanted = {copy.row for copy in copies} | {copy.of_row for copy in copies if not copy.in_pack}
    here = {photo.row: photo for photo, _ in photos.photos() if photo.row in wanted} if wanted else {}
    there: dict[int, ReferencePhoto] = {}
    if pack is not None:
        rows = sorted({copy.of_row for copy in copies if copy.in_pack})
        there = dict(zip(rows, pack.metadata.photos(rows), strict=True))
    return tuple(
        _line(copy, here[copy.row], (there if copy.in_pack else here)[copy.of_row]) for copy in copies
    )


def _line(copy: Copy, photo: ReferencePhoto, original: ReferencePhoto) -> ListedCopy:
    apart_km = great_circle_km(
        photo.position.latitude,
        photo.position.longitude,
        original.position.latitude,
        original.position.longitude,
    )
    return ListedCopy(
        photo.reference_id,
        photo.file,
        original.reference_id,
        copy.distance,
        copy.same_file,
        copy.correlation,
        float(apart_km),
        copy.dropped,
    )


class _Cap:
    """How many photos each photographer, or each place, may still have."""

    def __init__(self, column: Literal["photographer", "place"], most: int, pack: Pack | None) -> None:
        self._column = column
        self._most = most
        self._pack = pack
        self._kept: Counter[str] = Counter()
        self._seen: set[str] = set()

    def value_of(self, photo: ReferencePhoto) -> str | None:
        value = photo.photographer if self._column == "photographer" else photo.place
        return None if isinstance(value, Unavailable) else value

    def is_full(self, value: str | None) -> bool:
        if value is None:
            return False
        if self._pack is not None and value not in self._seen:
            self._seen.add(value)
            self._kept[value] = len(self._pack.metadata.rows_with(**{f"{self._column}s": [value]}))
        return self._kept[value] >= self._most

    def count(self, value: str | None) -> None:
        if value is not None:
            self._kept[value] += 1

    def reason(self, value: str | None) -> str:
        return f"there are {self._most} photos of the {self._column} {value!r} already"


def _over_caps(
    photos: Culled, dropped: frozenset[int], options: CullingOptions, pack: Pack | None
) -> tuple[OverCap, ...]:
    limits: Mapping[Literal["photographer", "place"], int | None] = {
        "photographer": options.max_per_photographer,
        "place": options.max_per_place,
    }
    caps = [_Cap(column, most, pack) for column, most in limits.items() if most is not None]
    if not caps:
        return ()
    drawn = np.empty(photos.count, np.uint64)
    values: list[tuple[str | None, ...]] = []
    for photo, _ in photos.photos():
        drawn[photo.row] = _draw(photo.reference_id)
        values.append(tuple(cap.value_of(photo) for cap in caps))
    reasons: dict[int, str] = {}
    for row in np.argsort(drawn, kind="stable").tolist():
        if row in dropped:
            continue
        full = [cap.reason(value) for cap, value in zip(caps, values[row], strict=True) if cap.is_full(value)]
        if full:
            reasons[row] = full[0]
            continue
        for cap, value in zip(caps, values[row], strict=True):
            cap.count(value)
    return tuple(
        OverCap(photo.row, photo.reference_id, photo.file, reasons[photo.row])
        for photo, _ in photos.photos()
        if photo.row in reasons
    )


def _draw(reference_id: str) -> int:
    digest = hashlib.sha256(reference_id.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big")
