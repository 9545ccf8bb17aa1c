"""Files that appear under their name complete or not at all."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from geolocdesk.errors import OutputError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give the path of an empty file to write in the same folder; it takes ``path``'s name when all went well.

    Until then, and after any failure, what was at ``path`` stays as it was. A name left behind by a killed
    program (``.NAME.partial``) is written over by the next attempt. Raises OutputError.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
    except OSError as error:
        raise output_error(path, error) from error
    own = os.fstat(descriptor)
    try:
        try:
            yield partial
            _require_own(own, partial, path)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        partial.replace(path)
        sync_folder(path.parent)
    except BaseException as error:
        with suppress(OSError):
            if _is_own(own, partial):
                partial.unlink()
        if isinstance(error, OSError):
            raise output_error(path, error) from error
        raise


def output_error(path: Path, error: OSError) -> OutputError:
    """Return the sentence for a file that could not be written."""
    reason = error.strerror or str(error)
    message = (
        f"{path} could not be written ({reason}). Check that the folder exists, can be written to and has room; "
        "what was there before is unchanged."
    )
    return OutputError(message)


def sync_folder(folder: Path) -> None:
    """Make a file's new name in the folder survive a power cut, where the system can."""
    if sys.platform == "win32":
        return  # NTFS journals names by itself
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make a file's content survive a power cut. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_own(own: os.stat_result, partial: Path) -> bool:
    """Return whether the partial file is still ours; on Windows nobody can take an open file's place."""
    try:
        return sys.platform == "win32" or os.path.samestat(own, partial.stat())
    except FileNotFoundError:
        return False


def _require_own(own: os.stat_result, partial: Path, path: Path) -> None:
    if not _is_own(own, partial):
        message = f"Another geolocdesk is writing {path} at the same time. Let it finish, then write again."
        raise OutputError(message)


def make_folder(folder: Path) -> None:
    """Create a folder and those above it where they are missing. Raises OutputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(folder, error) from error
