"""GeoNames' towns, read from the shipped table: for labels on the map and for the nearest place.

Made by ``packaging/prepare_basemap.py`` from places of 1000 and more inhabitants and seats of administration.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.atlas.difference_coding import unpacked
from geolocdesk.paths import resource

PLACE_UNITS_PER_DEGREE = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Gazetteer:
    """Places by row, as columns of equal length; all arrays are read-only."""

    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    population: NDArray[np.int64]
    """0 where GeoNames has no figure."""
    is_capital: NDArray[np.bool_]
    country: NDArray[np.uint8]
    """Row in ``country_codes``."""
    region: NDArray[np.uint16]
    """Row in ``region_names``."""
    names: tuple[str, ...]
    country_codes: tuple[str, ...]
    """ISO 3166-1 alpha-2, and XK for Kosovo."""
    country_names: tuple[str, ...]
    region_names: tuple[str, ...]
    """First-order administrative divisions; ``""`` where GeoNames has no name."""

    def __len__(self) -> int:
        return len(self.names)


@cache
def load_gazetteer() -> Gazetteer:
    """Return the shipped gazetteer; it is read once."""
    return read_gazetteer(resource("basemap", "places.npz"))


def read_gazetteer(file: Path) -> Gazetteer:
    """Return the gazetteer in a file that ``packaging/prepare_basemap.py`` wrote."""
    with np.load(file, allow_pickle=False) as columns:
        return Gazetteer(
            latitude=_read_only(unpacked(columns["latitude"], PLACE_UNITS_PER_DEGREE)),
            longitude=_read_only(unpacked(columns["longitude"], PLACE_UNITS_PER_DEGREE)),
            population=_read_only(unpacked(columns["population"], 1)).astype(np.int64),
            is_capital=columns["is_capital"],
            country=columns["country"],
            region=columns["region"],
            names=_texts(columns["name"]),
            country_codes=_texts(columns["country_code"]),
            country_names=_texts(columns["country_name"]),
            region_names=_texts(columns["region_name"]),
        )


def _texts(column: NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(column.tobytes().decode().split("\n"))


def _read_only(values: NDArray[np.float64]) -> NDArray[np.float64]:
    values.flags.writeable = False
    return values
