"""The manifest of a reference pack: what it holds, what made it, and the hash of every file in it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geolocdesk.errors import PackError
from geolocdesk.provenance import JsonValue, sha256_of_bytes, sha256_of_file
from geolocdesk.reference.index import IndexDescription

MANIFEST_NAME = "manifest.json"
FORMAT = "geolocdesk reference pack"
FORMAT_VERSION = 1

INDEX_NAME = "index.faiss"
METADATA_NAME = "metadata.sqlite"
POSITIONS_NAME = "positions.npy"
THUMBNAILS_NAME = "thumbnails.sqlite"
PROJECTION_NAME = "projection.safetensors"
REJECTED_NAME = "rejected.csv"


@dataclass(frozen=True, slots=True)
class PackFile:
    """One file of the pack as it was written."""

    name: str
    size_bytes: int
    sha256: str


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
    index: IndexDescription
    references: int
    rejected: int
    thumbnails: int
    licences: Mapping[str, int]
    source: Mapping[str, JsonValue]
    files: tuple[PackFile, ...]
    synthetic: bool = False
    """True for a pack of drawn photos, such as the practice world; shown wherever the pack is named."""

    @property
    def labelled_name(self) -> str:
        """Return the name under which answers cite the pack; that of drawn photos always says so."""
        if self.synthetic and "synthetic" not in self.name.casefold():
            return f"{self.name} (synthetic)"
        return self.name

    def to_bytes(self) -> bytes:
        """Return the file's content: JSON, indented for a reader, the same for the same manifest."""
        value = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "name": self.name,
            "synthetic": self.synthetic,
            "created_at": self.created_at,
            "program_version": self.program_version,
            "model": dict(self.model),
            "extractor": dict(self.extractor),
            "extractor_id": self.extractor_id,
            "index": self.index.to_json(),
            "counts": {
                "references": self.references,
                "rejected": self.rejected,
                "thumbnails": self.thumbnails,
            },
            "licences": dict(self.licences),
            "source": dict(self.source),
            "files": [
                {"name": file.name, "size_bytes": file.size_bytes, "sha256": file.sha256}
                for file in self.files
            ],
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
    if version != FORMAT_VERSION:
        message = (
            f"The pack {path.parent} has format version {version}, and this program reads version "
            f"{FORMAT_VERSION}; use a matching version of geolocdesk or build the pack again."
        )
        raise PackError(message)


def _manifest_of(value: dict[str, Any]) -> Manifest:
    files = tuple(
        PackFile(str(file["name"]), int(file["size_bytes"]), str(file["sha256"])) for file in value["files"]
    )
    for file in files:
        if Path(file.name).name != file.name:
            message = f"file name {file.name!r} leaves the pack"
            raise ValueError(message)
    counts = value["counts"]
    return Manifest(
        name=str(value["name"]),
        created_at=str(value["created_at"]),
        program_version=str(value["program_version"]),
        model=dict(value["model"]),
        extractor=dict(value["extractor"]),
        extractor_id=str(value["extractor_id"]),
        index=IndexDescription.from_json(value["index"]),
        references=int(counts["references"]),
        rejected=int(counts["rejected"]),
        thumbnails=int(counts["thumbnails"]),
        licences={str(name): int(count) for name, count in value["licences"].items()},
        source=dict(value["source"]),
        files=files,
        synthetic=bool(value["synthetic"]),
    )
