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
from geolocdesk.reference.index import SearchIndex
from geolocdesk.reference.manifest import (
    INDEX_NAME,
    METADATA_NAME,
    POSITIONS_NAME,
    PROJECTION_NAME,
    THUMBNAILS_NAME,
    PackFile,
    read_manifest,
)
from geolocdesk.reference.metadata import Metadata
from geolocdesk.reference.neighbours import Neighbour, Neighbours
from geolocdesk.reference.thumbnails import Thumbnails
from geolocdesk.unavailable import Unavailable

VERIFIED_NAME = "verified.json"
"""Beside the manifest, and no part of the pack: when all its hashes were last found right."""

FileState = Literal["intact", "missing", "changed"]


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What verifying found about one file of a pack."""

    name: str
    state: FileState


class Pack:
    """An open pack. Searching is for one thread at a time; metadata and thumbnails for any."""

    def __init__(self, folder: Path) -> None:
        """Open the pack; its files are measured, not hashed. Raises PackError in one sentence."""
        self.folder = folder
        self.manifest, self.pack_id = read_manifest(folder)
        for file in self.manifest.files:
            _check_size(folder, file)
        self._index = SearchIndex(folder / INDEX_NAME, self.manifest.index)
        self._metadata = Metadata(folder / METADATA_NAME)
        if self._metadata.count != self.manifest.references:
            self._metadata.close()
            message = (
                f"The pack {folder} is damaged: its manifest counts {self.manifest.references} references and its "
                f"metadata {self._metadata.count}; restore it from a copy."
            )
            raise PackError(message)
        self._thumbnails = (
            Thumbnails(folder / THUMBNAILS_NAME) if (folder / THUMBNAILS_NAME).is_file() else None
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the pack's files."""
        self._metadata.close()
        if self._thumbnails:
            self._thumbnails.close()

    @property
    def count(self) -> int:
        """Return how many references the pack holds."""
        return self.manifest.references

    @property
    def metadata(self) -> Metadata:
        """Return what is known of the pack's photos."""
        return self._metadata

    def positions(self) -> NDArray[np.float64]:
        """Return float64[n, 2], latitude and longitude in degrees by row, mapped from disk and read-only."""
        positions: NDArray[np.float64] = np.load(self.folder / POSITIONS_NAME, mmap_mode="r")
        return positions

    def projection(self) -> DescriptorMap | None:
        """Return the projection fitted for this pack or taken over from another, or None."""
        path = self.folder / PROJECTION_NAME
        return load_descriptor_map(path) if path.is_file() else None

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the stored descriptors float32[n, D] of the given rows."""
        return self._index.vectors(rows)

    def thumbnail(self, row: int) -> bytes | None:
        """Return the thumbnail of a row as JPEG, or None where the pack was built without."""
        return self._thumbnails.thumbnail(row) if self._thumbnails else None

    def search(
        self, descriptor: Descriptor, k: int, excluded_rows: NDArray[np.int64] | None = None
    ) -> Neighbours:
        """Return the k nearest references to a descriptor, the excluded rows left out.

        Raises PackError where the descriptor comes from another extractor than the pack's.
        """
        if descriptor.extractor_id != self.manifest.extractor_id:
            message = (
                f"The pack {self.folder} was built with the extractor {self.manifest.extractor_id} and cannot be "
                f"searched with descriptors of {descriptor.extractor_id}; use the pack's own model."
            )
            raise PackError(message)
        rows, distances = self._index.search(descriptor.vector, k, excluded_rows)
        photos = self._metadata.photos([int(row) for row in rows])
        found = zip(photos, distances, strict=True)
        items = tuple(
            Neighbour(rank, float(distance), photo) for rank, (photo, distance) in enumerate(found, start=1)
        )
        return Neighbours(items=items, pack_id=self.pack_id)

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
    """Return the pack in ``folder``, opened. Raises PackError in one sentence where that cannot be."""
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
