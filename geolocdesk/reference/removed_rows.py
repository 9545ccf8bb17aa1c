"""The file that says which rows of a pack were removed since its segments were written."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import PackError
from geolocdesk.provenance import sha256_of_bytes
from geolocdesk.reference.manifest import REMOVED_PREFIX, PackFile, describe_file
from geolocdesk.whole_file import sync_file

_NAME_DIGITS = 12


def write_removed(pack: Path, rows: NDArray[np.int64]) -> str:
    """Write the rows, ascending, into a new file of the pack and return its name; empty where there are none."""
    if len(rows) == 0:
        return ""
    name = f"{REMOVED_PREFIX}{sha256_of_bytes(rows.astype('<i8').tobytes())[:_NAME_DIGITS]}.npy"
    np.save(pack / name, rows.astype("<i8"), allow_pickle=False)
    sync_file(pack / name)
    return name


def read_removed(pack: Path, name: str) -> NDArray[np.int64]:
    """Return the rows, ascending, in a file that ``write_removed`` wrote; none for no name. Raises PackError."""
    if not name:
        rows = np.empty(0, np.int64)
    else:
        try:
            rows = np.load(pack / name, allow_pickle=False).astype(np.int64)
        except (OSError, ValueError) as error:
            message = f"The file {pack / name} is damaged; restore the reference pack from a copy."
            raise PackError(message) from error
    rows.flags.writeable = False
    return rows


def described_removed(pack: Path, name: str) -> tuple[PackFile, ...]:
    """Return the file's entry for the manifest; nothing where no row is removed."""
    return (describe_file(pack, name),) if name else ()
