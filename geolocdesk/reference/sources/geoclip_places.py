"""Places without photos, described by GeoCLIP's encoder of places: its own gallery, or a table of positions."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import SourceError
from geolocdesk.features.descriptor import unit_rows
from geolocdesk.features.model_pack import open_place_encoder
from geolocdesk.geodesy import Position
from geolocdesk.provenance import JsonValue
from geolocdesk.reference.sources.csv_file import position_of, read_table
from geolocdesk.reference.sources.selection import Selection
from geolocdesk.reference.sources.source import DescribedRows, SourceRow
from geolocdesk.unavailable import Unavailable

FORMAT = "geoclip"
_COLUMNS = ("latitude", "longitude")
_BLOCK = 4096


class GeoclipPlaces:
    """The gallery of a GeoCLIP model, or the places in a CSV with the columns latitude and longitude."""

    def __init__(self, model: Path, table: Path | None, selection: Selection) -> None:
        """Open the model's encoder and the table. Raises ModelError, or SourceError without any place."""
        self._encoder = open_place_encoder(str(model))
        self._model = model
        self._table = table
        self._rows = tuple(_gallery(self._encoder.gallery) if table is None else _places(table, selection))
        if not self._rows:
            message = f"{table or model} holds no places; a table has the columns latitude and longitude."
            raise SourceError(message)

    @property
    def name(self) -> str:
        """Return the table's name, or the model folder's."""
        return (self._table or self._model).name

    def count(self) -> int:
        """Return how many places there are, those without a position too."""
        return len(self._rows)

    def described(self, dimension: int, after: int = -1) -> Iterator[DescribedRows]:
        """Yield the places numbered beyond ``after`` with their vectors, those off the Earth as rejected.

        Raises SourceError where the model is not of ``dimension`` numbers.
        """
        rows = iter(self._rows[after + 1 :])
        while block := list(islice(rows, _BLOCK)):
            usable = tuple(row for row in block if isinstance(row.position, Position))
            vectors = unit_rows(self._encoder.encode(_positions(usable)))
            if vectors.shape[1] != dimension:
                message = f"The model's places have {vectors.shape[1]} numbers and its photos {dimension}; it has another pooling."
                raise SourceError(message)
            yield DescribedRows(usable, vectors, tuple(row for row in block if row.rejected))

    def to_json(self) -> dict[str, JsonValue]:
        """Return the format and how many places; the encoder is the model's, which the pack names."""
        return {"format": FORMAT, "name": self.name, "places": len(self._rows)}


def _positions(rows: tuple[SourceRow, ...]) -> NDArray[np.float64]:
    found = [row.position for row in rows if isinstance(row.position, Position)]
    return np.array([(one.latitude, one.longitude) for one in found], np.float64).reshape(-1, 2)


def _gallery(places: NDArray[np.float64]) -> Iterator[SourceRow]:
    for number, (latitude, longitude) in enumerate(places.tolist()):
        name = f"place-{number:06d}"
        yield SourceRow(number, name, Path(name), name, Position(latitude, longitude))


def _places(table: Path, selection: Selection) -> Iterator[SourceRow]:
    for number, row in enumerate(read_table(table, _COLUMNS, selection)):
        name = row.get("id") or row.get("name") or f"place-{number:06d}"
        stated = position_of(row)
        yield SourceRow(
            number=number,
            file=name,
            path=table,
            reference_id=name,
            position=stated if isinstance(stated, Position) else Unavailable.UNREADABLE,
            place=row.get("place") or row.get("name") or Unavailable.NOT_AVAILABLE,
            country=row.get("country") or Unavailable.NOT_AVAILABLE,
            rejected="" if isinstance(stated, Position) else stated,
        )
