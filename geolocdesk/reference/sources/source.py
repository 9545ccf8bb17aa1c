"""What every source of references gives."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from geolocdesk.evidence.packed import Photo
from geolocdesk.geodesy import Position
from geolocdesk.provenance import JsonValue
from geolocdesk.unavailable import Unavailable


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One photo a source offers, or a row it had to reject."""

    number: int
    """From 0, in the source's own stable order."""
    file: str
    """As the source names it."""
    path: Photo
    reference_id: str
    position: Position | Unavailable
    """``NOT_AVAILABLE`` where the photo's own EXIF has to say it."""
    place: str | Unavailable = Unavailable.NOT_AVAILABLE
    photographer: str | Unavailable = Unavailable.NOT_AVAILABLE
    captured_at: str | Unavailable = Unavailable.NOT_AVAILABLE
    licence: str | Unavailable = Unavailable.NOT_AVAILABLE
    url: str | Unavailable = Unavailable.NOT_AVAILABLE
    country: str | Unavailable = Unavailable.NOT_AVAILABLE
    rejected: str = ""
    """Why the row cannot be used; empty where it can be tried."""


def rejected_row(
    file: str, path: Path, reason: str, *, reference_id: str | None = None, number: int = 0
) -> SourceRow:
    """Return a row that cannot be used, and why; without an id it goes by its file's name."""
    return SourceRow(
        number=number,
        file=file,
        path=path,
        reference_id=file if reference_id is None else reference_id,
        position=Unavailable.UNREADABLE,
        rejected=reason,
    )


@dataclass(frozen=True, slots=True, eq=False)
class DescribedRows:
    """Some rows of a source that brings its descriptors: ``vectors`` float32[n, D] of unit length, one a row."""

    rows: tuple[SourceRow, ...]
    vectors: NDArray[np.float32]
    rejected: tuple[SourceRow, ...]


class AnySource(Protocol):
    """What a pack can be built from."""

    @property
    def name(self) -> str:
        """Return what the manifest calls the source."""
        ...

    def count(self) -> int:
        """Return how many rows there are, rejected ones too."""
        ...

    def to_json(self) -> dict[str, JsonValue]:
        """Return what identifies the source, so that a resumed build can tell it is the same."""
        ...


class Source(AnySource, Protocol):
    """A finite, ordered list of photos that can be walked more than once with the same result."""

    def rows(self) -> Iterator[SourceRow]:
        """Yield every row in order, rejected ones too. Raises SourceError."""
        ...


class DescribedSource(AnySource, Protocol):
    """A source without photos, whose rows bring the descriptors that a model once made."""

    def described(self, dimension: int, after: int = -1) -> Iterator[DescribedRows]:
        """Yield the rows numbered beyond ``after`` in order, those without ``dimension`` numbers as rejected.

        Raises SourceError.
        """
        ...
