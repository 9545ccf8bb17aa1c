"""Which format a source has, judged by what lies at its path."""

import csv
from pathlib import Path

from geolocdesk.reference.sources import mapillary, osv5m, webdataset, yfcc100m, zip_photos

FOLDER, CSV = "folder", "csv"

_MOST_LOOKED_AT = 10_000
_ZIP = b"PK"


def recognise(path: Path) -> str:
    """Return the format of the source at ``path``; a folder of photos or a CSV where nothing else fits."""
    if webdataset.is_shard_pattern(path) and not path.exists():
        return webdataset.FORMAT
    return _recognise_folder(path) if path.is_dir() else _recognise_file(path)


def _recognise_file(path: Path) -> str:
    name = path.name.lower()
    if name.endswith((".tar", ".tar.gz", ".tgz")):
        return webdataset.FORMAT
    if name.endswith(".zip") or _begins_with(path, _ZIP):
        return zip_photos.FORMAT
    if name.endswith((".json", ".geojson", ".jsonl")):
        return mapillary.FORMAT
    if _is_osv5m(path):
        return osv5m.FORMAT
    if name.startswith(yfcc100m.TABLE) or (not name.endswith(".csv") and yfcc100m.looks_like_metadata(path)):
        return yfcc100m.FORMAT
    return CSV


def _recognise_folder(folder: Path) -> str:
    if any(file.is_file() for file in folder.glob(f"{yfcc100m.TABLE}*")):
        return yfcc100m.FORMAT
    if any(_is_osv5m(folder / name) for name in ("train.csv", "test.csv")):
        return osv5m.FORMAT
    if (folder / mapillary.DESCRIPTION_NAME).is_file():
        return mapillary.FORMAT
    endings = _endings(folder)
    if ".geojson" in endings:
        return mapillary.FORMAT
    if ".tar" in endings:
        return webdataset.FORMAT
    return zip_photos.FORMAT if endings == {".zip"} else FOLDER


def _endings(folder: Path) -> set[str]:
    """Return the endings of what lies in a folder, looking no further than its first entries."""
    endings: set[str] = set()
    for number, entry in enumerate(folder.iterdir()):
        if number == _MOST_LOOKED_AT:
            break
        if not entry.name.startswith("."):
            endings.add(entry.suffix.lower() if entry.is_file() else "/")
    return endings


def _begins_with(path: Path, signature: bytes) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(len(signature)) == signature
    except OSError:
        return False


def _is_osv5m(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            header = stream.readline(1 << 16)
    except (OSError, UnicodeDecodeError):
        return False
    return osv5m.looks_like_table(next(csv.reader([header]), []))
