"""The calibrations of a pack: one file beside its manifest, and no part of the pack's id.

What is in it was measured on the finished pack, whose id each calibration names: a pack that grew or shrank has
another id, and its earlier calibrations no longer hold. Calibrations are only ever added, never replaced, so
that an answer given under an earlier one can be computed again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geolocdesk.errors import PackError
from geolocdesk.provenance import JsonValue, sha256_of_json
from geolocdesk.whole_file import whole_file

CALIBRATION_NAME = "calibration.json"
FORMAT = "geolocdesk calibrations"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class StoredCalibration:
    """One calibration as it lies in the file; what it means is the estimation's affair."""

    sha256: str
    """Of the content's canonical JSON."""
    content: Mapping[str, JsonValue]


def read_calibrations(folder: Path) -> tuple[StoredCalibration, ...]:
    """Return every calibration kept with the pack in ``folder``, the oldest first; none where there is no file.

    Raises PackError where the file is damaged or of another version.
    """
    path = folder / CALIBRATION_NAME
    if not path.exists():
        return ()
    try:
        value = json.loads(path.read_bytes())
        _check_format(path, value)
        stored = tuple(_stored(entry) for entry in value["calibrations"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, error) from error
    return stored


def add_calibration(folder: Path, content: Mapping[str, JsonValue]) -> StoredCalibration:
    """Add a calibration to those of the pack in ``folder`` and return it as stored.

    Raises OutputError, or PackError where the file that is there cannot be read.
    """
    added = StoredCalibration(sha256_of_json(dict(content)), content)
    kept = [entry for entry in read_calibrations(folder) if entry.sha256 != added.sha256]
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "calibrations": [
            {"sha256": entry.sha256, "calibration": dict(entry.content)} for entry in (*kept, added)
        ],
    }
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    with whole_file(folder / CALIBRATION_NAME) as partial:
        partial.write_text(text, encoding="utf-8")
    return added


def _check_format(path: Path, value: Any) -> None:  # noqa: ANN401
    if value["format"] != FORMAT:
        message = f"{path} holds no calibrations; move it away, then calibrate again."
        raise PackError(message)
    if value["format_version"] != FORMAT_VERSION:
        message = (
            f"{path} has format version {value['format_version']}, and this program reads version "
            f"{FORMAT_VERSION}; use a matching version of geolocdesk, or move it away and calibrate again."
        )
        raise PackError(message)


def _stored(entry: Any) -> StoredCalibration:  # noqa: ANN401
    content = entry["calibration"]
    if sha256_of_json(content) != entry["sha256"]:
        message = "a calibration is not the one whose hash stands beside it"
        raise ValueError(message)
    return StoredCalibration(entry["sha256"], content)


def _damaged(path: Path, error: Exception) -> PackError:
    return PackError(
        f"The calibrations {path} are damaged ({error}); restore the file from a copy, or move it away and "
        "calibrate again."
    )
