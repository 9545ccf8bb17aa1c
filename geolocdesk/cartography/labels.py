"""Names on the map as vector tiles of points, made on demand from the gazetteer and the countries.

A data tile at zoom z is drawn over 512 pixels, at display zoom z + 1.
"""

from collections.abc import Iterable
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geolocdesk.atlas.world import World
from geolocdesk.cartography.gazetteer import Gazetteer
from geolocdesk.cartography.vector_tile import EXTENT, GeometryKind, PropertyValue, TileFeature, encode_tile

MAX_LABEL_ZOOM = 9
_MAX_CITIES_PER_TILE = 60
_LONG_NAME_ZOOM = 5
_FIRST_ZOOM_BY_POPULATION = (
    (5_000_000, 3.0),
    (1_000_000, 4.0),
    (400_000, 5.0),
    (150_000, 6.0),
    (60_000, 7.0),
    (20_000, 8.0),
    (5_000, 9.0),
)
_LAST_FIRST_ZOOM = 10.0
_CAPITAL_ZOOM = 4.0

SEAS: tuple[tuple[str, float, float, float], ...] = (
    ("Pacific Ocean", 8.0, -150.0, 1.0),
    ("Pacific Ocean", -28.0, -120.0, 2.0),
    ("Pacific Ocean", 22.0, 165.0, 2.0),
    ("Atlantic Ocean", 30.0, -42.0, 1.0),
    ("Atlantic Ocean", -25.0, -15.0, 1.0),
    ("Indian Ocean", -22.0, 78.0, 1.0),
    ("Southern Ocean", -61.0, 20.0, 2.0),
    ("Southern Ocean", -61.0, -140.0, 2.0),
    ("Arctic Ocean", 79.0, -165.0, 2.0),
    ("Norwegian Sea", 69.0, 2.0, 4.0),
    ("North Sea", 56.5, 3.0, 4.0),
    ("Baltic Sea", 57.5, 19.5, 5.0),
    ("Barents Sea", 74.0, 40.0, 4.0),
    ("Kara Sea", 75.5, 72.0, 4.0),
    ("Laptev Sea", 75.5, 126.0, 4.0),
    ("East Siberian Sea", 73.5, 162.0, 4.0),
    ("Chukchi Sea", 69.0, -172.0, 4.0),
    ("Bering Sea", 58.0, -179.0, 3.0),
    ("Sea of Okhotsk", 54.0, 149.0, 4.0),
    ("Gulf of Alaska", 57.0, -145.0, 4.0),
    ("Beaufort Sea", 72.0, -139.0, 4.0),
    ("Baffin Bay", 73.5, -66.0, 4.0),
    ("Labrador Sea", 58.5, -54.0, 4.0),
    ("Hudson Bay", 60.0, -85.5, 4.0),
    ("Gulf of Mexico", 25.0, -91.0, 4.0),
    ("Caribbean Sea", 15.0, -74.0, 4.0),
    ("Sargasso Sea", 29.0, -63.0, 5.0),
    ("Bay of Biscay", 45.2, -5.0, 5.0),
    ("Mediterranean Sea", 34.6, 18.5, 4.0),
    ("Black Sea", 43.2, 34.5, 4.0),
    ("Caspian Sea", 41.8, 50.8, 5.0),
    ("Red Sea", 20.0, 38.6, 5.0),
    ("Persian Gulf", 27.2, 51.3, 5.0),
    ("Arabian Sea", 15.5, 64.5, 3.0),
    ("Bay of Bengal", 14.5, 88.5, 3.0),
    ("Andaman Sea", 11.0, 96.0, 5.0),
    ("South China Sea", 13.5, 114.5, 4.0),
    ("East China Sea", 29.0, 125.0, 5.0),
    ("Yellow Sea", 36.0, 123.3, 5.0),
    ("Philippine Sea", 18.0, 132.0, 4.0),
    ("Java Sea", -5.0, 111.0, 5.0),
    ("Banda Sea", -5.6, 127.5, 5.0),
    ("Timor Sea", -11.0, 127.0, 5.0),
    ("Arafura Sea", -9.5, 135.5, 5.0),
    ("Coral Sea", -17.5, 154.5, 4.0),
    ("Tasman Sea", -38.5, 160.0, 4.0),
    ("Great Australian Bight", -34.5, 131.0, 5.0),
    ("Mozambique Channel", -18.5, 41.3, 5.0),
    ("Gulf of Guinea", 1.5, 2.5, 4.0),
    ("Greenland Sea", 76.5, -7.0, 4.0),
    ("Scotia Sea", -57.0, -44.0, 4.0),
    ("Weddell Sea", -72.0, -44.0, 4.0),
    ("Ross Sea", -75.5, -175.0, 4.0),
)
"""Names, latitude, longitude and first display zoom of what Natural Earth's layers here don't name."""


class LabelTiles:
    """Cuts the names into tiles; the most populous places first."""

    def __init__(self, gazetteer: Gazetteer, world: World) -> None:
        self._gazetteer = gazetteer
        self._world = world

    def tile(self, zoom: int, column: int, row: int, *, cities_until: float | None = None) -> bytes:
        """Return the tile's bytes, ``b""`` where nothing has a name.

        With ``cities_until`` it holds every city shown up to that display zoom, for a map that has no tiles
        beyond this one; otherwise the most important ones for its own.
        """
        display_zoom = zoom + 1
        return encode_tile(
            {
                "countries": self._countries(zoom, column, row, display_zoom),
                "seas": self._seas(zoom, column, row, display_zoom),
                "cities": self._cities(zoom, column, row, display_zoom)
                if cities_until is None
                else self._cities(zoom, column, row, cities_until, most=None),
            }
        )

    def _cities(
        self,
        zoom: int,
        column: int,
        row: int,
        display_zoom: float,
        most: int | None = _MAX_CITIES_PER_TILE,
    ) -> Iterable[TileFeature]:
        x, y = self._city_places
        inside = _inside(x, y, zoom, column, row) & (self._first_zooms <= display_zoom)
        rows = np.flatnonzero(inside)
        gazetteer = self._gazetteer
        order = np.lexsort((-gazetteer.population[rows], self._first_zooms[rows]))
        for place in rows[order[:most]]:
            properties: dict[str, PropertyValue] = {
                "name": gazetteer.names[place],
                "first_zoom": float(self._first_zooms[place]),
                "population": int(gazetteer.population[place]),
                "capital": bool(gazetteer.is_capital[place]),
            }
            yield _point((x[place], y[place]), (zoom, column, row), properties)

    def _countries(self, zoom: int, column: int, row: int, display_zoom: int) -> Iterable[TileFeature]:
        x, y = self._country_places
        for index in np.flatnonzero(_inside(x, y, zoom, column, row)):
            country = self._world.countries[index]
            if country.label_zoom > display_zoom + 0.5:
                continue
            name = country.label_name if display_zoom >= _LONG_NAME_ZOOM else country.short_name
            properties: dict[str, PropertyValue] = {"name": name, "rank": country.label_rank}
            yield _point((x[index], y[index]), (zoom, column, row), properties)

    def _seas(self, zoom: int, column: int, row: int, display_zoom: int) -> Iterable[TileFeature]:
        x, y = mercator(np.array([sea[1] for sea in SEAS]), np.array([sea[2] for sea in SEAS]))
        for index in np.flatnonzero(_inside(x, y, zoom, column, row)):
            name, _, _, first_zoom = SEAS[index]
            if first_zoom <= display_zoom:
                properties: dict[str, PropertyValue] = {"name": name, "first_zoom": first_zoom}
                yield _point((x[index], y[index]), (zoom, column, row), properties)

    @cached_property
    def _city_places(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return mercator(self._gazetteer.latitude, self._gazetteer.longitude)

    @cached_property
    def _country_places(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        countries = self._world.countries
        latitude = [country.label_latitude for country in countries]
        return mercator(latitude, [country.label_longitude for country in countries])

    @cached_property
    def _first_zooms(self) -> NDArray[np.float64]:
        population = self._gazetteer.population
        zooms = np.full(len(population), _LAST_FIRST_ZOOM)
        for least, zoom in reversed(_FIRST_ZOOM_BY_POPULATION):
            zooms[population >= least] = zoom
        return np.where(self._gazetteer.is_capital, np.minimum(zooms, _CAPITAL_ZOOM), zooms)


def mercator(latitude: ArrayLike, longitude: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Web Mercator x and y, 0–1 from the north-western corner; latitudes beyond 85.05° fall outside."""
    x = np.asarray(longitude, dtype=np.float64) / 360.0 + 0.5
    sines = np.sin(np.radians(np.clip(latitude, -89.9, 89.9)))
    return x, 0.5 - np.arctanh(sines) / (2.0 * np.pi)


def _inside(
    x: NDArray[np.float64], y: NDArray[np.float64], zoom: int, column: int, row: int
) -> NDArray[np.bool_]:
    side = 1.0 / (1 << zoom)
    west, north = column * side, row * side
    inside: NDArray[np.bool_] = (x >= west) & (x < west + side) & (y >= north) & (y < north + side)
    return inside


def _point(
    place: tuple[float, float], tile: tuple[int, int, int], properties: dict[str, PropertyValue]
) -> TileFeature:
    zoom, column, row = tile
    within = np.array(place) * (1 << zoom) - [column, row]
    return TileFeature(GeometryKind.POINT, [np.rint(within * EXTENT).astype(np.int64)[None, :]], properties)
