"""A reference pack opened for searching: a folder with a manifest, an index and what is known of its photos."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import PackError
from geolocdesk.features.descriptor import Descriptor
from geolocdesk.features.embedding import DescriptorMap, load_descriptor_map
from geolocdesk.progress import Progress, ProgressCallback, ignore_progress
from geolocdesk.provenance import sha256_of_file
from geolocdesk.reference.copy_distance import copy_distance
from geolocdesk.reference.manifest import PROJECTION_NAME, Manifest, PackFile, read_manifest
from geolocdesk.reference.neighbours import Neighbour, Neighbours
from geolocdesk.reference.pack_metadata import PackMetadata
from geolocdesk.reference.removed_rows import read_removed
from geolocdesk.reference.row_set import RowSet
from geolocdesk.reference.segment import Segment
from geolocdesk.reference.thumbnails import PackThumbnails
from geolocdesk.unavailable import Unavailable

VERIFIED_NAME = "verified.json"
"""Beside the manifest, and no part of the pack: when all its hashes were last found right."""

_CHANGES_WHILE_OPENING = 3

FileState = Literal["intact", "missing", "changed"]


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What verifying found about one file of a pack."""

    name: str
    state: FileState


class Pack:
    """An open pack. Searching is for one thread at a time; metadata and thumbnails for any.

    Its rows are numbered from 0 through all its segments; the numbers of removed references stay unused until
    the pack is compacted. What is open stays as it was read, whoever changes the pack meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        """Open the pack; its files are measured, not hashed. Raises PackError in one sentence."""
        self.folder = folder
        self.manifest, self.pack_id = read_manifest(folder)
        for file in self.manifest.files:
            _check_size(folder, file)
        self._removed = _removed_rows(folder, self.manifest)
        self._projection = self._read_projection()
        self._segments = Segment.open_all(folder, self.manifest.segments)
        self._metadata = PackMetadata(
            [(segment.first_row, segment.metadata) for segment in self._segments], self._removed
        )
        self._thumbnails = PackThumbnails(
            [(segment.first_row, segment.thumbnails) for segment in self._segments if segment.thumbnails]
        )
        self._copy_distance: float | None = None
        self._everything = RowSet(self.rows, self._removed)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the pack's files."""
        for segment in self._segments:
            segment.close()

    @property
    def count(self) -> int:
        """Return how many references the pack holds."""
        return self.manifest.references

    @property
    def rows(self) -> int:
        """Return how many rows are numbered, those of removed references included."""
        return self.manifest.rows

    @property
    def removed(self) -> NDArray[np.int64]:
        """Return the rows of removed references, ascending."""
        return self._removed

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Return the pack's segments in the order of their rows."""
        return self._segments

    @property
    def softmax_scale(self) -> float | None:
        """Return what the pack's model multiplies a cosine by in its softmax; None for a model that has none."""
        return self.manifest.softmax_scale

    @property
    def metadata(self) -> PackMetadata:
        """Return what is known of the pack's photos."""
        return self._metadata

    def positions(self) -> NDArray[np.float64]:
        """Return float64[rows, 2], latitude and longitude in degrees by row, read-only.

        Those of a pack in one segment are mapped from disk; those of several are read into memory.
        """
        parts = [segment.positions for segment in self._segments]
        if len(parts) == 1:
            return parts[0]
        positions = np.concatenate(parts)
        positions.flags.writeable = False
        return positions

    def projection(self) -> DescriptorMap | None:
        """Return the projection fitted for this pack or taken over from another, or None."""
        return self._projection

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the stored descriptors float32[n, D] of the given rows."""
        vectors = np.empty((len(rows), self.manifest.dimension), np.float32)
        for segment in self._segments:
            own = rows - segment.first_row
            here = (own >= 0) & (own < segment.count)
            if here.any():
                vectors[here] = segment.index.vectors(own[here])
        return vectors

    def copy_distance(self) -> float:
        """Return the descriptor distance up to which a reference counts as a copy of another photo."""
        if self._copy_distance is None:
            self._copy_distance = self.manifest.copy_distance
        if self._copy_distance is None:  # packs of earlier versions do not say it
            self._copy_distance = copy_distance(self.rows, self.vectors)
        return self._copy_distance

    def thumbnail(self, row: int) -> bytes | None:
        """Return the thumbnail of a row as JPEG, or None where the pack was built without."""
        return self._thumbnails.thumbnail(row)

    def has_thumbnail(self, row: int) -> bool:
        """Return whether there is a thumbnail of a row."""
        return self._thumbnails.thumbnail(row) is not None

    def all_rows(self) -> RowSet:
        """Return every row but those of removed references."""
        return self._everything

    def search(
        self,
        descriptor: Descriptor,
        k: int,
        excluded_rows: NDArray[np.int64] | None = None,
        *,
        among: RowSet | None = None,
        beyond: float | None = None,
    ) -> Neighbours:
        """Return the k nearest references to a descriptor, exact distances over all segments.

        ``among`` limits the search to some rows, ``excluded_rows`` leaves out more, and ``beyond`` leaves out
        references at that distance or nearer. Fewer than k come back only where no more are left. Raises
        PackError where the descriptor comes from another extractor than the pack's.
        """
        if descriptor.extractor_id != self.manifest.extractor_id:
            message = (
                f"The pack {self.folder} was built with the extractor {self.manifest.extractor_id} and cannot be "
                f"searched with descriptors of {descriptor.extractor_id}; use the pack's own model."
            )
            raise PackError(message)
        rows_left = among or self.all_rows()
        if excluded_rows is not None:
            rows_left = rows_left.without(excluded_rows)
        rows, distances, too_near = self._nearest_beyond(descriptor.vector, k, rows_left, beyond)
        photos = self._metadata.photos([int(row) for row in rows])
        found = zip(photos, distances, strict=True)
        items = tuple(
            Neighbour(rank, float(distance), photo) for rank, (photo, distance) in enumerate(found, start=1)
        )
        return Neighbours(
            items=items, pack_id=self.pack_id, wanted=k, eligible=rows_left.count - too_near, copies=too_near
        )

    def nearest(
        self, vector: NDArray[np.float32], k: int, among: RowSet | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the rows and exact distances of the k nearest over all segments, ties in row order."""
        rows_left = among or self._everything
        found = [
            (segment.first_row, *segment.index.search(vector, k, rows_left.excluded_in(segment)))
            for segment in self._segments
        ]
        rows = np.concatenate([first + rows for first, rows, _ in found])
        distances = np.concatenate([distances for _, _, distances in found])
        order = np.lexsort((rows, distances))[:k]
        return rows[order], distances[order]

    def _nearest_beyond(
        self, query: NDArray[np.float32], k: int, among: RowSet, beyond: float | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], int]:
        """Return the rows and distances of the k nearest beyond a distance, and how many lay nearer."""
        wanted = k
        while True:
            rows, distances = self.nearest(query, wanted, among)
            too_near = 0 if beyond is None else int(np.searchsorted(distances, beyond, side="right"))
            if len(rows) - too_near >= k or len(rows) == among.count:
                return rows[too_near:][:k], distances[too_near:][:k], too_near
            wanted = min(among.count, 2 * max(k + too_near, wanted))

    def _read_projection(self) -> DescriptorMap | None:
        path = self.folder / PROJECTION_NAME
        return load_descriptor_map(path) if path.is_file() else None

    def last_verified(self) -> str | Unavailable:
        """Return when ``verify_pack`` last found every file of this very pack intact (ISO 8601, UTC)."""
        try:
            value = json.loads((self.folder / VERIFIED_NAME).read_bytes())
            if value["pack_id"] == self.pack_id:
                return str(value["verified_at"])
        except (OSError, ValueError, KeyError, TypeError):
            return Unavailable.NOT_AVAILABLE
        return Unavailable.NOT_AVAILABLE


def open_pack(folder: Path) -> Pack:
    """Return the pack in ``folder``, opened. Raises PackError in one sentence where that cannot be.

    A pack that somebody else changes at the same moment is read again as it is then.
    """
    for _ in range(_CHANGES_WHILE_OPENING):
        _, pack_id = read_manifest(folder)
        try:
            return Pack(folder)
        except PackError:
            if read_manifest(folder)[1] == pack_id:
                raise
    return Pack(folder)


def verify_pack(
    folder: Path, *, verified_at: str, progress: ProgressCallback = ignore_progress
) -> Iterator[FileCheck]:
    """Yield one check a file, every byte hashed; where all are intact, note ``verified_at`` beside the manifest.

    Raises PackError where there is no readable manifest.
    """
    manifest, pack_id = read_manifest(folder)
    intact = True
    for done, file in enumerate(manifest.files):
        progress(Progress("Verifying", done, len(manifest.files), file.name))
        state = _state_of(folder, file)
        intact = intact and state == "intact"
        yield FileCheck(file.name, state)
    progress(Progress("Verifying", len(manifest.files), len(manifest.files)))
    if intact:
        _note_verified(folder, pack_id, verified_at)


def _note_verified(folder: Path, pack_id: str, verified_at: str) -> None:
    content = json.dumps({"pack_id": pack_id, "verified_at": verified_at})
    temporary = folder / (VERIFIED_NAME + ".new")
    try:
        temporary.write_text(content, encoding="utf-8")
        temporary.replace(folder / VERIFIED_NAME)
    except OSError:
        # a pack on read-only media is verified all the same; there is only nowhere to note it
        return


def _removed_rows(folder: Path, manifest: Manifest) -> NDArray[np.int64]:
    removed = read_removed(folder, manifest.removed)
    if manifest.rows - len(removed) != manifest.references:
        message = (
            f"The pack {folder} is damaged: its manifest counts {manifest.references} references, but "
            f"{manifest.rows} rows less {len(removed)} removed ones; restore it from a copy."
        )
        raise PackError(message)
    return removed


def _state_of(folder: Path, file: PackFile) -> FileState:
    path = folder / file.name
    try:
        if not path.is_file():
            return "missing"
        same = path.stat().st_size == file.size_bytes and sha256_of_file(path) == file.sha256
    except OSError:
        return "changed"
    return "intact" if same else "changed"


def _check_size(folder: Path, file: PackFile) -> None:
    path = folder / file.name
    if not path.is_file():
        message = f"The pack {folder} is damaged: its file {file.name} is missing; restore it from a copy."
        raise PackError(message)
    size = path.stat().st_size
    if size != file.size_bytes:
        message = (
            f"The pack {folder} is damaged: {file.name} has {size} bytes where the manifest says "
            f"{file.size_bytes}; restore it from a copy."
        )
        raise PackError(message)
