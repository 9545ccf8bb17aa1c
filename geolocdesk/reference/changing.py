"""Changing a pack so that a killed run leaves the old one working: new files first, then the manifest at once."""

import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from geolocdesk.errors import OutputError, PackError
from geolocdesk.file_lock import FileLock, LockHeldError
from geolocdesk.provenance import sha256_of_bytes
from geolocdesk.reference.manifest import (
    MANIFEST_NAME,
    REMOVED_PREFIX,
    Manifest,
    SegmentRecord,
    read_manifest,
)
from geolocdesk.whole_file import sync_file, sync_folder, whole_file

LOCK_NAME = ".changing.lock"
SEGMENT_PREFIX = "segment-"
APPEND_NAME = "append.partial"
"""In the pack's folder: the state of an append that is not finished."""


class PackChanging:
    """The right to change one pack, held from reading its manifest to replacing it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest, self.pack_id = read_manifest(folder)
        self._tidy()

    def new_segment(self) -> tuple[str, Path]:
        """Return the name and the path of a new, empty folder for a segment; nothing reads it yet."""
        numbers = [_number_of(segment) for segment in self.manifest.segments]
        # never a name that an earlier state of the pack had: it may still be open in another process
        name = f"{SEGMENT_PREFIX}{max(numbers, default=1) + 1:04d}"
        path = self.folder / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        return name, path

    def commit(self, manifest: Manifest) -> str:
        """Make the manifest the pack's, durably, and return the pack's new id. Its files are on disk by now.

        What only the old manifest named is deleted, now or by the next change where somebody has it open.
        """
        listed = {file.name for file in manifest.files}
        gone = [file.name for file in self.manifest.files if file.name not in listed]
        still_there = [name for name in self.manifest.superseded if (self.folder / name).is_file()]
        manifest = replace(manifest, superseded=tuple(sorted({*gone, *still_there} - listed)))
        content = manifest.to_bytes()
        for folder in {(self.folder / name).parent for name in listed}:
            sync_folder(folder)
        with whole_file(self.folder / MANIFEST_NAME) as partial:
            partial.write_bytes(content)
        self.manifest, self.pack_id = manifest, sha256_of_bytes(content)
        self._tidy()
        return self.pack_id

    def _tidy(self) -> None:
        """Delete what killed runs left and what the manifest no longer names; nothing else."""
        listed = {file.name for file in self.manifest.files}
        folders = {segment.folder for segment in self.manifest.segments}
        for path in self.folder.glob(f"{SEGMENT_PREFIX}*"):
            if path.is_dir() and path.name not in folders:
                shutil.rmtree(path, ignore_errors=True)
        unnamed = [path.name for path in self.folder.glob(f"{REMOVED_PREFIX}*.npy")]
        for name in {*unnamed, *self.manifest.superseded} - listed:
            # Windows deletes no file that somebody has open; the next change tries again
            with suppress(OSError):
                (self.folder / name).unlink(missing_ok=True)


@contextmanager
def changing(folder: Path, *, since: str) -> Iterator[PackChanging]:
    """Hold the right to change a pack; ``since`` is the time now, for whoever else wants it.

    Raises PackError where another process changes the pack, and OutputError where its folder cannot be written.
    """
    read_manifest(folder)
    try:
        lock = FileLock(folder / LOCK_NAME, platform.node(), since)
    except LockHeldError as error:
        message = f"The pack {folder} is being changed by {error}; wait until that is done."
        raise PackError(message) from error
    except OSError as error:
        raise cannot_change(folder, error) from error
    try:
        yield PackChanging(folder)
    except OSError as error:
        raise cannot_change(folder, error) from error
    finally:
        lock.release()


def cannot_change(folder: Path, error: Exception) -> OutputError:
    """Return the sentence for a pack whose folder could not be written."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    return OutputError(
        f"The pack {folder} cannot be changed ({reason}); check the folder's rights and room. The pack is as it was."
    )


def sync_files(folder: Path) -> None:
    """Make every file in a folder, and their names, survive a power cut."""
    for path in folder.iterdir():
        if path.is_file():
            sync_file(path)
    sync_folder(folder)


def _number_of(segment: SegmentRecord) -> int:
    digits = segment.folder.removeprefix(SEGMENT_PREFIX)
    return int(digits) if digits.isdecimal() else 1
