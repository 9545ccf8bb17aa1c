"""Rows of numbers on disk, written one after the other and read in any order."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import OutputError
from geolocdesk.whole_file import output_error

_ROOM = 1.02


@dataclass(frozen=True, slots=True)
class RowFile:
    """A file of ``rows`` arrays of the same ``shape`` and type; interrupted, it holds the first few."""

    path: Path
    rows: int
    shape: tuple[int, ...]
    dtype: str

    @property
    def row_bytes(self) -> int:
        """Return the size of a row."""
        return int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize

    def finished(self) -> int:
        """Return how many whole rows there are."""
        try:
            return self.path.stat().st_size // self.row_bytes
        except FileNotFoundError:
            return 0

    @contextmanager
    def appending(self) -> Iterator["RowAppender"]:
        """Give what writes further rows after those that are finished. Raises OutputError."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            needed = (self.rows - self.finished()) * self.row_bytes
            free = shutil.disk_usage(self.path.parent).free
            if free < needed * _ROOM:
                message = (
                    f"{self.path.parent} has room for {free / 1e9:.1f} GB, but {needed / 1e9:.1f} GB are needed for "
                    "what the network makes of the photos. Free some, or write the model to another disk; what is "
                    "finished is kept."
                )
                raise OutputError(message)
            with self.path.open("ab") as stream:
                stream.truncate(self.finished() * self.row_bytes)
                yield RowAppender(self, stream)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise output_error(self.path, error) from error

    def read(self) -> NDArray[Any]:
        """Return all rows, mapped from disk and read-only."""
        return np.memmap(self.path, dtype=self.dtype, mode="r", shape=(self.rows, *self.shape))


@dataclass(frozen=True, slots=True)
class RowAppender:
    """Writes rows at the end of a file."""

    file: RowFile
    stream: BinaryIO

    def append(self, rows: NDArray[Any]) -> None:
        """Write rows. Raises OSError where the disk is full."""
        if rows.shape[1:] != self.file.shape:
            message = f"rows of {self.file.shape}, not of {rows.shape[1:]}"
            raise ValueError(message)
        self.stream.write(np.ascontiguousarray(rows, self.file.dtype).tobytes())
