"""A source whose rows come from a function that lists them, in the same order every time."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from geolocdesk.evidence.packed import PackedFile
from geolocdesk.progress import Progress, ProgressCallback
from geolocdesk.provenance import JsonValue
from geolocdesk.reference.sources.selection import Selection
from geolocdesk.reference.sources.source import SourceRow

_REPORT_EVERY = 2_000


@dataclass(frozen=True, slots=True)
class _Survey:
    """What one walk over all rows tells."""

    count: int
    without_picture: int
    sha256: str
    """Over everything that the rows say."""


class ListedSource:
    """The rows that ``list_rows`` yields, numbered; None stands for a row whose picture is not there.

    Rows without a picture are counted and not offered: sources list millions of photos of which only some were
    fetched.
    """

    def __init__(
        self,
        source_format: str,
        name: str,
        list_rows: Callable[[], Iterator[SourceRow | None]],
        *,
        progress: ProgressCallback,
        selection: Selection | None = None,
    ) -> None:
        self._format = source_format
        self._name = name
        self._list_rows = list_rows
        self._progress = progress
        self._selection = selection or Selection()

    @property
    def name(self) -> str:
        """Return what the manifest calls the source."""
        return self._name

    def count(self) -> int:
        """Return how many rows there are, rejected ones too."""
        return self._survey.count

    def rows(self) -> Iterator[SourceRow]:
        """Yield every row in order."""
        number = 0
        for row in self._list_rows():
            if row is not None:
                yield replace(row, number=number)
                number += 1

    def to_json(self) -> dict[str, JsonValue]:
        """Return the format, the selection, and the number and the hash of all rows."""
        survey = self._survey
        return {
            "format": self._format,
            "name": self._name,
            "rows": survey.count,
            "without_picture": survey.without_picture,
            "sha256": survey.sha256,
            "where": {column: [*values] for column, values in self._selection.to_json().items()},
        }

    @cached_property
    def _survey(self) -> _Survey:
        digest = hashlib.sha256()
        count = without_picture = 0
        for row in self._list_rows():
            if row is None:
                without_picture += 1
            else:
                count += 1
                digest.update(_text_of(row))
            if (count + without_picture) % _REPORT_EVERY == 1:
                self._report(count, without_picture)
        self._report(count, without_picture)
        return _Survey(count, without_picture, digest.hexdigest())

    def _report(self, count: int, without_picture: int) -> None:
        detail = f"{count} with a picture" if without_picture else ""
        self._progress(Progress("Reading the source", count + without_picture, None, detail))


def _text_of(row: SourceRow) -> bytes:
    packed = row.path if isinstance(row.path, PackedFile) else None
    said = (
        row.file,
        row.reference_id,
        row.position,
        row.place,
        row.photographer,
        row.captured_at,
        row.licence,
        row.url,
        row.country,
        row.rejected,
        (packed.offset, packed.size_bytes, packed.crc32) if packed else None,
    )
    return f"{said!r}\n".encode("utf-8", "surrogatepass")
