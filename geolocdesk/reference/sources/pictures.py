"""Pictures found by their names below a folder, plain or inside ZIPs, however many there are."""

import glob
import os
from array import array
from collections.abc import Iterator
from functools import cached_property
from hashlib import blake2b
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import SourceError
from geolocdesk.evidence.formats import PHOTO_SUFFIXES
from geolocdesk.evidence.packed import PackedFile, Photo
from geolocdesk.progress import Progress, ProgressCallback
from geolocdesk.reference.sources.zip_listing import ZipListing

_SUFFIXES = sorted(PHOTO_SUFFIXES)
_REPORT_EVERY = 10_000


class PictureFolder:
    """The pictures below a folder by name: in memory, twenty bytes a picture."""

    def __init__(self, folder: Path, progress: ProgressCallback) -> None:
        """Take the folder. Raises SourceError where it is none."""
        if not folder.is_dir():
            message = f"There is no folder of pictures at {folder}; name it with --pictures."
            raise SourceError(message)
        self._folder = folder
        self._progress = progress
        self._places: list[Path] = []
        """Folders and ZIPs."""
        self._listings: dict[int, ZipListing] = {}

    def find(self, name: str) -> tuple[Photo, ...]:
        """Return every picture with a name, its ending left out, in the order of their paths.

        Raises SourceError where a ZIP cannot be read.
        """
        keys, places, details = self._index
        key = _key(name)
        at = int(np.searchsorted(keys, key))
        found: list[Photo] = []
        while at < len(keys) and keys[at] == key:
            photo = self._photo(name, int(places[at]), int(details[at]))
            if photo is not None:
                found.append(photo)
            at += 1
        return tuple(found)

    def relative(self, photo: Photo) -> str:
        """Return how a picture is called in a pack: its path below the folder."""
        if isinstance(photo, PackedFile):
            container = photo.container.relative_to(self._folder).as_posix()
            return f"{container}!/{photo.name}"
        return photo.relative_to(self._folder).as_posix()

    def _photo(self, name: str, place: int, detail: int) -> Photo | None:
        """Return the picture that an index entry stands for, if its name is really the one asked for."""
        if detail < 0:
            return _spelled(self._places[place], name, _SUFFIXES[-detail - 1])
        member = self._listing(place).member_at(detail)
        if member is None or PurePosixPath(member.name).stem != name:
            return None
        return member.packed

    def _listing(self, place: int) -> ZipListing:
        if place not in self._listings:
            self._listings[place] = ZipListing(self._places[place])
        return self._listings[place]

    @cached_property
    def _index(self) -> tuple[NDArray[np.uint64], NDArray[np.uint32], NDArray[np.int64]]:
        """Return keys in ascending order, and for each its place and either minus its ending or where a ZIP lists it."""
        keys, places, details = array("Q"), array("I"), array("q")
        for name, place, detail in self._walk():
            keys.append(_key(name))
            places.append(place)
            details.append(detail)
            if len(keys) % _REPORT_EVERY == 0:
                self._progress(Progress("Looking for pictures", len(keys)))
        self._progress(Progress("Looking for pictures", len(keys)))
        all_keys = np.frombuffer(keys, np.uint64)
        order = np.argsort(all_keys, kind="stable")
        return (
            all_keys[order],
            np.frombuffer(places, np.uint32)[order],
            np.frombuffer(details, np.int64)[order],
        )

    def _walk(self) -> Iterator[tuple[str, int, int]]:
        for folder, folders, files in os.walk(self._folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            here = -1
            for file in sorted(files):
                if file.startswith("."):
                    continue
                name, suffix = PurePosixPath(file).stem, PurePosixPath(file).suffix.lower()
                if suffix == ".zip":
                    yield from self._in_zip(Path(folder, file))
                elif suffix in PHOTO_SUFFIXES:
                    here = here if here >= 0 else self._place(Path(folder))
                    yield name, here, -_SUFFIXES.index(suffix) - 1

    def _in_zip(self, path: Path) -> Iterator[tuple[str, int, int]]:
        place = self._place(path)
        for listed_at, member in ZipListing(path).members():
            if member.packed and member.is_photo:
                yield PurePosixPath(member.name).stem, place, listed_at

    def _place(self, path: Path) -> int:
        self._places.append(path)
        return len(self._places) - 1


def _key(name: str) -> int:
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).digest(), "little")


def _spelled(folder: Path, name: str, suffix: str) -> Path | None:
    """Return a file with the ending spelled as the file system does, or None where there is none."""
    for spelled in (suffix, suffix.upper()):
        if (folder / (name + spelled)).is_file():
            return folder / (name + spelled)
    candidates = sorted(folder.glob(f"{glob.escape(name)}.*"))
    return next((file for file in candidates if file.suffix.lower() == suffix), None)
