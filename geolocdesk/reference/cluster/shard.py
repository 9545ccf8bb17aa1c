"""A shard: some rows of a source, described, in one file that is there whole or not at all.

Its name holds what was asked for and the hash of what came of it, so that a shard that was written twice is one
shard, and one that was damaged on the way is none.
"""

import json
import os
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from geolocdesk.features.embedding import safetensors_bytes
from geolocdesk.geodesy import Position
from geolocdesk.provenance import JsonValue, sha256_of_bytes, sha256_of_file, sha256_of_json
from geolocdesk.reference.build_state import DescribedPhoto, RejectedRow
from geolocdesk.reference.describing import DescribedBatch
from geolocdesk.reference.neighbours import ReferencePhoto
from geolocdesk.reference.sources.source import SourceRow
from geolocdesk.unavailable import Unavailable
from geolocdesk.whole_file import sync_folder

_SUFFIX = ".shard"
_IDENTITY_DIGITS = 20
_TEXTS = ("place", "photographer", "captured_at", "licence", "url", "country")


class DamagedShardError(Exception):
    """A shard's content is not what its name says."""


@dataclass(frozen=True, slots=True)
class ShardTask:
    """What a worker is asked for: some rows, described by an extractor, into a folder."""

    number: int
    """Among the shards of its part."""
    part: str
    rows: tuple[SourceRow, ...]
    folder: Path
    extractor_id: str
    projection: Path | None
    """The file of the projection that follows the model."""
    thumbnails: bool
    decoders: int
    acquired_at: str
    program_version: str

    @property
    def key(self) -> str:
        """Return the part, the number, and a hash over all that decides the shard."""
        decides: dict[str, JsonValue] = {
            "rows": [repr(row) for row in self.rows],
            "extractor_id": self.extractor_id,
            "thumbnails": self.thumbnails,
            "program_version": self.program_version,
        }
        return f"{self.part}-{self.number:08d}-{sha256_of_json(decides)[:_IDENTITY_DIGITS]}"


def find_shard(task: ShardTask) -> Path | None:
    """Return the file of a finished and undamaged shard, or None; damaged ones are deleted."""
    for path in sorted(task.folder.glob(f"{task.key}-*{_SUFFIX}")):
        try:
            if path.stem.removeprefix(f"{task.key}-") == sha256_of_file(path):
                return path
        except FileNotFoundError:  # another worker was quicker to delete it
            continue
        path.unlink(missing_ok=True)
    return None


def write_shard(task: ShardTask, batches: Sequence[DescribedBatch], dimension: int) -> Path:
    """Write a shard under its name, durably and in one move. Raises OSError."""
    content = _encode(batches, dimension)
    path = task.folder / f"{task.key}-{sha256_of_bytes(content)}{_SUFFIX}"
    writer = f"{socket.gethostname()}-{os.getpid()}-{threading.get_ident()}"
    unfinished = task.folder / f".{task.key}-{writer}.new"
    with unfinished.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(path)
    sync_folder(task.folder)
    return path


def read_shard(task: ShardTask, path: Path) -> DescribedBatch:
    """Return a shard's content. Raises DamagedShardError where it is not what was asked for, and OSError."""
    content = path.read_bytes()
    if path.stem != f"{task.key}-{sha256_of_bytes(content)}":
        message = f"{path.name} was changed after it was written"
        raise DamagedShardError(message)
    try:
        batch = _decode(content)
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError) as error:
        message = f"{path.name} is no shard ({error})"
        raise DamagedShardError(message) from error
    numbers = sorted([item.photo.row for item in batch.photos] + [row.number for row in batch.rejected])
    if numbers != [row.number for row in task.rows]:
        message = f"{path.name} holds other rows than were asked for"
        raise DamagedShardError(message)
    return batch


def _encode(batches: Sequence[DescribedBatch], dimension: int) -> bytes:
    photos = [item for batch in batches for item in batch.photos]
    rejected = [row for batch in batches for row in batch.rejected]
    thumbnails = [item.thumbnail or b"" for item in photos]
    listing = json.dumps(
        {
            "photos": [_photo_to_json(item) for item in photos],
            "rejected": [[row.number, row.file, row.reason] for row in rejected],
        }
    )
    arrays: dict[str, NDArray[np.generic]] = {
        "vectors": np.stack([item.vector for item in photos])
        if photos
        else np.empty((0, dimension), np.float32),
        "thumbnails": np.frombuffer(b"".join(thumbnails), np.uint8),
        "thumbnail_sizes": np.array([len(jpeg) for jpeg in thumbnails], np.int64),
        "listing": np.frombuffer(listing.encode("utf-8", "surrogatepass"), np.uint8),
    }
    return safetensors_bytes(arrays)


def _decode(content: bytes) -> DescribedBatch:
    arrays = safetensors.numpy.load(content)
    listing = json.loads(arrays["listing"].tobytes().decode("utf-8", "surrogatepass"))
    ends = np.cumsum(arrays["thumbnail_sizes"])
    starts = ends - arrays["thumbnail_sizes"]
    jpegs = arrays["thumbnails"].tobytes()
    photos = tuple(
        _photo_from_json(value, vector, jpegs[start:end])
        for value, vector, start, end in zip(listing["photos"], arrays["vectors"], starts, ends, strict=True)
    )
    return DescribedBatch(photos, tuple(RejectedRow(*row) for row in listing["rejected"]))


def _photo_to_json(item: DescribedPhoto) -> dict[str, JsonValue]:
    photo = item.photo
    texts = {name: getattr(photo, name) for name in _TEXTS}
    return {
        "row": photo.row,
        "reference_id": photo.reference_id,
        "latitude": photo.position.latitude,
        "longitude": photo.position.longitude,
        "file": photo.file,
        "sha256": item.sha256,
        "texts": {name: None if isinstance(text, Unavailable) else text for name, text in texts.items()},
    }


def _photo_from_json(value: dict[str, JsonValue], vector: NDArray[np.float32], jpeg: bytes) -> DescribedPhoto:
    texts = value["texts"]
    if not isinstance(texts, dict):
        message = "texts"
        raise TypeError(message)
    photo = ReferencePhoto(
        row=int(str(value["row"])),
        reference_id=str(value["reference_id"]),
        position=Position(float(str(value["latitude"])), float(str(value["longitude"]))),
        file=str(value["file"]),
        **{name: Unavailable.NOT_AVAILABLE if texts[name] is None else str(texts[name]) for name in _TEXTS},
    )
    return DescribedPhoto(photo, str(value["sha256"]), vector, jpeg or None)
