"""The manifest of a reference pack: what it holds, what made it, and the hash of every file in it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from geolocdesk.errors import PackError
from geolocdesk.provenance import JsonValue, sha256_of_bytes, sha256_of_file
from geolocdesk.reference.index import IndexDescription

MANIFEST_NAME = "manifest.json"
FORMAT = "geolocdesk reference pack"
FORMAT_VERSION = 2
_ONE_SEGMENT_VERSION = 1
"""Packs of this version have one segment and no history; they are read as they are."""

INDEX_NAME = "index.faiss"
METADATA_NAME = "metadata.sqlite"
POSITIONS_NAME = "positions.npy"
THUMBNAILS_NAME = "thumbnails.sqlite"
PROJECTION_NAME = "projection.safetensors"
REJECTED_NAME = "rejected.csv"
DUPLICATES_NAME = "duplicates.csv"
LEFT_OUT_NAME = "left_out.csv"
RENAMED_NAME = "renamed.csv"
REMOVED_PREFIX = "removed-"

_DEEPEST_NAME = 2
"""A file lies in the pack's folder or in a segment's folder in it."""


@dataclass(frozen=True, slots=True)
class PackFile:
    """One file of the pack as it was written."""

    name: str
    """Relative to the pack's folder, with ``/`` between a segment's folder and the file."""
    size_bytes: int
    sha256: str

    def to_json(self) -> dict[str, JsonValue]:
        """Return the file as plain JSON values."""
        return {"name": self.name, "size_bytes": self.size_bytes, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """One part of a pack, written once and never changed: an index and what is known of its photos."""

    folder: str
    """Its folder in the pack; empty for the pack's own folder, where a build writes."""
    references: int
    """Its rows, those that have been removed since included."""
    rejected: int
    thumbnails: int
    index: IndexDescription
    files: tuple[str, ...] = ()
    """The names, within the pack, of all its files."""

    def path_of(self, name: str) -> str:
        """Return the name, within the pack, of one of the segment's files."""
        return f"{self.folder}/{name}" if self.folder else name

    def to_json(self) -> dict[str, JsonValue]:
        """Return the record as plain JSON values."""
        return {
            "folder": self.folder,
            "references": self.references,
            "rejected": self.rejected,
            "thumbnails": self.thumbnails,
            "index": self.index.to_json(),
            "files": list(self.files),
        }


@dataclass(frozen=True, slots=True)
class PackChange:
    """One entry of a pack's history."""

    action: str
    """``built``, ``appended``, ``removed``, ``merged`` or ``compacted``."""
    at: str
    """UTC, ISO 8601."""
    program_version: str
    previous_pack_id: str
    """The pack's id before; empty for its first entry."""
    details: Mapping[str, JsonValue]
    """Counts of what was added, rejected, left out or removed, and where it came from."""

    def to_json(self) -> dict[str, JsonValue]:
        """Return the entry as plain JSON values."""
        return {
            "action": self.action,
            "at": self.at,
            "program_version": self.program_version,
            "previous_pack_id": self.previous_pack_id,
            "details": dict(self.details),
        }


@dataclass(frozen=True, slots=True)
class Manifest:
    """What ``manifest.json`` says. The pack's id is the SHA-256 of that file's bytes."""

    name: str
    created_at: str
    program_version: str
    model: Mapping[str, JsonValue]
    """The model record from which the extractor can be opened again."""
    extractor: Mapping[str, JsonValue]
    """The identity of the extractor, projection included."""
    extractor_id: str
    segments: tuple[SegmentRecord, ...]
    """In the order of their rows, which are numbered on from one segment to the next."""
    references: int
    """Those that can be found: all rows but the removed ones."""
    rejected: int
    thumbnails: int
    licences: Mapping[str, int]
    source: Mapping[str, JsonValue]
    """What the first segment was built from; the history names the sources of the others."""
    files: tuple[PackFile, ...]
    synthetic: bool = False
    """True for a pack of drawn photos, such as the practice world; shown wherever the pack is named."""
    removed: str = ""
    """The file of removed rows; empty where none was removed since the segments were written."""
    copy_distance: float | None = None
    """Below this descriptor distance two photos are copies of one; None where it has never been measured."""
    history: tuple[PackChange, ...] = ()
    superseded: tuple[str, ...] = ()
    """Files that an earlier state of the pack had: no longer read, and deleted as soon as may be."""

    @property
    def rows(self) -> int:
        """Return how many rows the segments have, removed ones included."""
        return sum(segment.references for segment in self.segments)

    @property
    def dimension(self) -> int:
        """Return how many numbers a descriptor has."""
        return self.segments[0].index.dimension

    @property
    def has_classes(self) -> bool:
        """Return whether the pack's model was trained on classes of places."""
        return self.model.get("classes") is not None

    @property
    def softmax_scale(self) -> float | None:
        """Return what the pack's model multiplies a cosine by in its softmax; None for a model that has none."""
        scale = self.model.get("softmax_scale")
        return float(scale) if isinstance(scale, int | float) else None

    @property
    def labelled_name(self) -> str:
        """Return the name under which answers cite the pack; that of drawn photos always says so."""
        if self.synthetic and "synthetic" not in self.name.casefold():
            return f"{self.name} (synthetic)"
        return self.name

    def changes_since(self, pack_id: str) -> tuple[PackChange, ...]:
        """Return what was done to the pack since it had this id; nothing where it never had, or has it now."""
        for place, change in enumerate(self.history):
            if change.previous_pack_id == pack_id:
                return self.history[place:]
        return ()

    def to_bytes(self) -> bytes:
        """Return the file's content: JSON, indented for a reader, the same for the same manifest."""
        value: dict[str, JsonValue] = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "name": self.name,
            "synthetic": self.synthetic,
            "created_at": self.created_at,
            "program_version": self.program_version,
            "model": dict(self.model),
            "extractor": dict(self.extractor),
            "extractor_id": self.extractor_id,
            "segments": [segment.to_json() for segment in self.segments],
            "removed": self.removed,
            "copy_distance": self.copy_distance,
            "history": [change.to_json() for change in self.history],
            "superseded": list(self.superseded),
            "counts": {
                "references": self.references,
                "rejected": self.rejected,
                "thumbnails": self.thumbnails,
            },
            "licences": dict(self.licences),
            "source": dict(self.source),
            "files": [file.to_json() for file in self.files],
        }
        return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8")

    def pack_id(self) -> str:
        """Return the SHA-256 of the manifest as written."""
        return sha256_of_bytes(self.to_bytes())


def describe_file(folder: Path, name: str) -> PackFile:
    """Return the size and hash of a file of the pack."""
    path = folder / name
    return PackFile(name=name, size_bytes=path.stat().st_size, sha256=sha256_of_file(path))


def read_manifest(folder: Path) -> tuple[Manifest, str]:
    """Return the manifest of the pack in ``folder`` and the pack's id. Raises PackError in one sentence."""
    path = folder / MANIFEST_NAME
    if not path.is_file():
        message = (
            f"{folder} is not a reference pack: it has no {MANIFEST_NAME}; name the folder a build wrote."
        )
        raise PackError(message)
    try:
        content = path.read_bytes()
        value = json.loads(content.decode("utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        message = f"The manifest {path} is damaged ({error}); restore the pack from a copy or build it again."
        raise PackError(message) from error
    _check_format(path, value)
    try:
        return _manifest_of(value), sha256_of_bytes(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = (
            f"The manifest {path} is incomplete ({error!r}); restore the pack from a copy or build it again."
        )
        raise PackError(message) from error


def _check_format(path: Path, value: object) -> None:
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        message = f"{path} is not the manifest of a geolocdesk reference pack; name the folder a build wrote."
        raise PackError(message)
    version = value.get("format_version")
    if version not in (_ONE_SEGMENT_VERSION, FORMAT_VERSION):
        message = (
            f"The pack {path.parent} has format version {version}, and this program reads versions "
            f"{_ONE_SEGMENT_VERSION} and {FORMAT_VERSION}; use a matching version of geolocdesk or build the pack again."
        )
        raise PackError(message)


def _manifest_of(value: dict[str, Any]) -> Manifest:
    counts = value["counts"]
    distance = value.get("copy_distance")
    return Manifest(
        name=str(value["name"]),
        created_at=str(value["created_at"]),
        program_version=str(value["program_version"]),
        model=dict(value["model"]),
        extractor=dict(value["extractor"]),
        extractor_id=str(value["extractor_id"]),
        segments=_segments_of(value),
        references=int(counts["references"]),
        rejected=int(counts["rejected"]),
        thumbnails=int(counts["thumbnails"]),
        licences={str(name): int(count) for name, count in value["licences"].items()},
        source=dict(value["source"]),
        files=tuple(
            PackFile(_inside(file["name"]), int(file["size_bytes"]), str(file["sha256"]))
            for file in value["files"]
        ),
        synthetic=bool(value["synthetic"]),
        removed=_inside(value["removed"]) if value.get("removed") else "",
        copy_distance=None if distance is None else float(distance),
        history=tuple(_change_of(change) for change in value.get("history", ())),
        superseded=tuple(_inside(name) for name in value.get("superseded", ())),
    )


def _segments_of(value: dict[str, Any]) -> tuple[SegmentRecord, ...]:
    if value["format_version"] == _ONE_SEGMENT_VERSION:
        counts = value["counts"]
        files = [file["name"] for file in value["files"] if file["name"] != PROJECTION_NAME]
        value = {"segments": [{"folder": "", "index": value["index"], "files": files, **counts}]}
    segments = tuple(
        SegmentRecord(
            folder=_inside(segment["folder"]) if segment["folder"] else "",
            references=int(segment["references"]),
            rejected=int(segment["rejected"]),
            thumbnails=int(segment["thumbnails"]),
            index=IndexDescription.from_json(segment["index"]),
            files=tuple(_inside(name) for name in segment["files"]),
        )
        for segment in value["segments"]
    )
    if not segments:
        message = "no segment"
        raise ValueError(message)
    return segments


def _change_of(value: dict[str, Any]) -> PackChange:
    return PackChange(
        action=str(value["action"]),
        at=str(value["at"]),
        program_version=str(value["program_version"]),
        previous_pack_id=str(value["previous_pack_id"]),
        details=dict(value["details"]),
    )


def _inside(name: object) -> str:
    """Return a name in the manifest, which must not lead out of the pack. Raises ValueError."""
    text = str(name)
    parts = text.split("/")
    plain = all(part == PurePosixPath(part).name and "\\" not in part and ":" not in part for part in parts)
    if not text or not plain or len(parts) > _DEEPEST_NAME or ".." in parts:
        message = f"file name {text!r} leaves the pack"
        raise ValueError(message)
    return text
