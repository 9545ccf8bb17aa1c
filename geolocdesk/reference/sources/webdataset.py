"""Photos inside tar shards, as WebDataset lays them out: the files of one sample follow each other and share a key.

A file's key is its path up to the first dot of its last part. See the library's documentation, "The WebDataset
Format" (github.com/webdataset/webdataset).
"""

import glob
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from geolocdesk.errors import EvidenceError, SourceError
from geolocdesk.evidence.packed import PackedFile, read_packed
from geolocdesk.progress import ProgressCallback
from geolocdesk.reference.sources.container import Member
from geolocdesk.reference.sources.json_values import first_text, parse_object, position_from, time_of
from geolocdesk.reference.sources.listed import ListedSource
from geolocdesk.reference.sources.source import SourceRow, rejected_row
from geolocdesk.reference.sources.tar_listing import check_tar, tar_members
from geolocdesk.unavailable import Unavailable

FORMAT = "webdataset"

LATITUDE_KEYS = ("latitude", "lat")
LONGITUDE_KEYS = ("longitude", "lon", "lng")

_LARGEST_DESCRIPTION = 1 << 20
_MOST_SHARDS = 1_000_000
_RANGE = re.compile(r"(\d+)\.\.(\d+)")
_BRACES = re.compile(r"\{([^{}]*)\}")


def is_shard_pattern(path: Path) -> bool:
    """Return whether a path stands for several tar files, like ``shards/{000..099}.tar`` or ``*.tar``."""
    return any(sign in str(path) for sign in "*?[{") and path.suffix.lower() == ".tar"


def open_webdataset(path: Path, progress: ProgressCallback) -> ListedSource:
    """Return the photos of a tar file, of every tar in a folder, or of those that a pattern names.

    Raises SourceError where there is no shard, or one is no uncompressed tar.
    """
    shards = shard_files(path)
    for shard in shards:
        check_tar(shard)

    def list_rows() -> Iterator[SourceRow]:
        for shard in shards:
            for sample in _samples(shard):
                yield from _rows(shard, sample)

    return ListedSource(FORMAT, path.name, list_rows, progress=progress)


def shard_files(path: Path) -> list[Path]:
    """Return the tar files that a path names, in the order of their names or as a pattern lists them."""
    if path.is_dir():
        shards = sorted(
            file for file in path.iterdir() if file.name.lower().endswith((".tar", ".tar.gz", ".tgz"))
        )
    elif path.exists() or not is_shard_pattern(path):
        shards = [path]
    else:
        shards = list(islice(_expand(str(path)), _MOST_SHARDS))
    missing = [shard for shard in shards if not shard.is_file()]
    if missing or not shards:
        message = (
            f"The shard {missing[0]} is not there; check the pattern and whether every shard was copied."
            if missing
            else f"There is no tar file at {path}; name a shard, a folder of shards, or a pattern."
        )
        raise SourceError(message)
    return shards


def _expand(pattern: str) -> Iterator[Path]:
    """Yield the paths of a pattern with ``{a,b}``, ``{000..123}`` and the signs ``*?[``."""
    braces = _BRACES.search(pattern)
    if braces is None:
        if glob.has_magic(pattern):
            yield from (Path(found) for found in sorted(glob.glob(pattern)))  # noqa: PTH207 - folders may have signs too
        else:
            yield Path(pattern)
        return
    bounds = _RANGE.fullmatch(braces[1])
    if bounds is None:
        alternatives: Iterator[str] = iter(braces[1].split(","))
    else:
        width = len(bounds[1])
        alternatives = (f"{number:0{width}d}" for number in range(int(bounds[1]), int(bounds[2]) + 1))
    for alternative in alternatives:
        yield from _expand(pattern[: braces.start()] + alternative + pattern[braces.end() :])


@dataclass(slots=True)
class _Sample:
    """The files of one key that follow each other in a shard."""

    key: str
    photos: list[Member] = field(default_factory=list)
    description: PackedFile | None = None
    rejected: list[Member] = field(default_factory=list)


def _samples(shard: Path) -> Iterator[_Sample]:
    sample: _Sample | None = None
    for member in tar_members(shard):
        folder, slash, last = member.name.rpartition("/")
        key = folder + slash + last.partition(".")[0]
        if member.is_whole or sample is None or sample.key != key:
            if sample is not None:
                yield sample
            sample = _Sample(member.name if member.is_whole else key)
        if member.is_photo and member.packed:
            sample.photos.append(member)
        elif member.is_photo or member.is_whole:
            sample.rejected.append(member)
        elif member.packed and last.partition(".")[2].lower() == "json":
            sample.description = member.packed
    if sample is not None:
        yield sample


def _rows(shard: Path, sample: _Sample) -> Iterator[SourceRow]:
    """Yield the row of a sample's first photo, and a rejected one for whatever cannot be used."""
    for member in sample.rejected:
        yield _rejected(shard, member.name, member.rejected)
    if not sample.photos and not sample.rejected and sample.description:
        yield _rejected(shard, sample.description.name, "the shard holds no photo beside this description")
    for member in sample.photos[1:]:
        yield _rejected(
            shard, member.name, f"the sample {sample.key} has another photo, {sample.photos[0].name}"
        )
    if sample.photos:
        yield _described(shard, sample)


def _described(shard: Path, sample: _Sample) -> SourceRow:
    photo = sample.photos[0]
    fields = _read_description(sample.description) if sample.description else {}
    if isinstance(fields, str):
        return _rejected(shard, photo.name, fields)
    stated = [
        next((fields[name] for name in names if fields.get(name) is not None), None)
        for names in (LATITUDE_KEYS, LONGITUDE_KEYS)
    ]
    position = Unavailable.NOT_AVAILABLE if stated == [None, None] else position_from(*stated)
    if isinstance(position, str):
        return _rejected(shard, photo.name, position)
    assert photo.packed  # noqa: S101 - a sample's photos can be read
    own_id = first_text(fields, "id")
    return SourceRow(
        number=0,
        file=_name(shard, photo.name),
        path=photo.packed,
        reference_id=sample.key if isinstance(own_id, Unavailable) else own_id,
        position=position,
        place=first_text(fields, "place"),
        photographer=first_text(fields, "photographer"),
        captured_at=time_of(fields.get("captured_at")),
        licence=first_text(fields, "licence", "license"),
        url=first_text(fields, "url"),
        country=first_text(fields, "country"),
    )


def _read_description(description: PackedFile) -> dict[str, object] | str:
    try:
        return parse_object(read_packed(description, _LARGEST_DESCRIPTION).content)
    except EvidenceError as error:
        return f"its description cannot be used: {error.message}"


def _rejected(shard: Path, name: str, reason: str) -> SourceRow:
    return rejected_row(_name(shard, name), Path(f"{shard}!", name), reason)


def _name(shard: Path, name: str) -> str:
    return shard.name if name == shard.name else f"{shard.name}!/{name}"
