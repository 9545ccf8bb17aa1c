"""Hashes, canonical JSON and the provenance that makes a result reproducible."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from geolocdesk import __version__

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]

_READ_BLOCK_BYTES = 1 << 20

RECORDED_LIBRARIES = (
    "numpy",
    "Pillow",
    "pillow-heif",
    "ExifRead",
    "torch",
    "torchvision",
    "timm",
    "faiss-cpu",
)
"""Distributions whose versions can change a result."""


def canonical_json(value: JsonValue) -> bytes:
    """Return the one UTF-8 spelling of a JSON value: keys sorted, no spaces, no NaN or infinity.

    Raises ValueError for a number JSON cannot hold.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode("utf-8")


def sha256_of_bytes(content: bytes | memoryview) -> str:
    """Return the SHA-256 of the content as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def sha256_of_json(value: JsonValue) -> str:
    """Return the SHA-256 of the value's canonical JSON."""
    return sha256_of_bytes(canonical_json(value))


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's content, read in blocks. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_READ_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def library_versions() -> dict[str, str]:
    """Return the installed version of every library that can change a result, without importing any."""
    versions: dict[str, str] = {}
    for name in RECORDED_LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions


@dataclass(frozen=True, slots=True)
class Provenance:
    """Everything that decided a result besides the photo itself."""

    program_version: str
    model_id: str
    model_identity_sha256: str
    weights_sha256: str
    pack_id: str
    pack_name: str
    parameters: Mapping[str, JsonValue]
    libraries: Mapping[str, str]
    device: str
    calibration_sha256: str | None = None
    """Of the calibration that made the probabilities, or None where they are not calibrated."""

    def to_json(self) -> dict[str, JsonValue]:
        """Return the provenance as plain JSON values; the calibration is named only where there is one."""
        calibrated: dict[str, JsonValue] = (
            {"calibration_sha256": self.calibration_sha256} if self.calibration_sha256 else {}
        )
        return {
            "program_version": self.program_version,
            "model_id": self.model_id,
            "model_identity_sha256": self.model_identity_sha256,
            "weights_sha256": self.weights_sha256,
            "pack_id": self.pack_id,
            "pack_name": self.pack_name,
            "parameters": dict(self.parameters),
            "libraries": dict(self.libraries),
            "device": self.device,
            **calibrated,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, JsonValue]) -> "Provenance":
        """Return the provenance that ``to_json`` wrote. Raises KeyError or TypeError on other input."""
        parameters = value["parameters"]
        libraries = value["libraries"]
        if not isinstance(parameters, dict) or not isinstance(libraries, dict):
            message = "provenance parameters and libraries must be objects"
            raise TypeError(message)
        return cls(
            program_version=str(value["program_version"]),
            model_id=str(value["model_id"]),
            model_identity_sha256=str(value["model_identity_sha256"]),
            weights_sha256=str(value["weights_sha256"]),
            pack_id=str(value["pack_id"]),
            pack_name=str(value["pack_name"]),
            parameters=parameters,
            libraries={name: str(version) for name, version in libraries.items()},
            device=str(value["device"]),
            calibration_sha256=None if (found := value.get("calibration_sha256")) is None else str(found),
        )


def current_program_version() -> str:
    """Return this program's version."""
    return __version__


def analysis_id(evidence_sha256: str, provenance: Provenance) -> str:
    """Return the SHA-256 that names one analysis: the photo's hash and its provenance, canonical.

    The same photo, model, pack, parameters, versions and device give the same id.
    """
    return sha256_of_json({"evidence_sha256": evidence_sha256, "provenance": provenance.to_json()})


def finite_or_none(value: float) -> float | None:
    """Return the number, or None where JSON has no spelling for it."""
    return value if math.isfinite(value) else None
