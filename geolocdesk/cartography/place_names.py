"""Which town is nearest to a position, how far and which way, and whose land the position lies on.

A name never stands alone: it comes with distance, direction and population, and with a remark wherever the
status of the area is disputed or the sources differ.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geolocdesk.atlas.world import Country, World, load_world
from geolocdesk.cartography.disputed_areas import disputed_area_at
from geolocdesk.cartography.gazetteer import Gazetteer, load_gazetteer
from geolocdesk.geodesy import (
    EARTH_RADIUS_KM,
    KM_PER_DEGREE,
    Position,
    great_circle_km,
    initial_bearing_deg,
    unit_vectors,
)
from geolocdesk.quantities import distance_text
from geolocdesk.unavailable import Unavailable

if TYPE_CHECKING:
    from shapely import Geometry

CITY_POPULATION = 100_000
_REACH_KM = 5.0
"""Land this close counts: outlines are simplified, and countries this close are worth a word."""
_OUTLINE_ERROR_KM = 1.2
"""Closer than this to a border the outlines can't tell on which side a position lies."""
_TOWN_CHOICE_KM = 5.0
"""A larger town is named in place of a quarter or hamlet that is nearer by less than this."""
_CENTRE_KM = 0.3
"""A town's own point is no better known than this; within it the larger town is named."""
_NEAR_KM = 30.0
_AT_KM = 0.1
_CITY_WITHIN_KM = 400.0
_UNSTATED_POPULATION = 500

_DIRECTIONS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")

_PARTS_OF_STATES = {
    "BL": "FR", "BQ": "NL", "BV": "NO", "GF": "FR", "GP": "FR", "MF": "FR", "MQ": "FR", "RE": "FR",
    "SJ": "NO", "TK": "NZ", "YT": "FR",
}  # fmt: skip
"""Territories that GeoNames lists by themselves and Natural Earth draws with their states."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """A populated place as GeoNames lists it, seen from a position."""

    name: str
    population: int | Unavailable
    region: str
    """First-order administrative division; ``""`` where GeoNames names none."""
    country: str
    country_code: str
    position: Position
    distance_km: float
    direction: str
    """Where the position lies, seen from the settlement: ``north-west``."""

    @property
    def text(self) -> str:
        """Return ``4.2 km north-west of Zagreb (663,592 inhabitants)``."""
        if self.distance_km < _AT_KM:
            return f"at the centre of {self.name} ({self.people})"
        return f"{distance_text(self.distance_km)} {self.direction} of {self.name} ({self.people})"

    @property
    def people(self) -> str:
        """Return the population in words."""
        if isinstance(self.population, Unavailable):
            return "population not stated"
        return f"{self.population:,} inhabitants"


@dataclass(frozen=True, slots=True)
class PlaceName:
    """What is known about where a position lies."""

    town: Settlement
    """The nearest place, or a larger one hardly further away."""
    city: Settlement | None
    """The nearest place of 100,000 and more, where ``town`` is smaller and one lies within 400 km."""
    countries: tuple[Country, ...]
    """Whose land it is as Natural Earth draws it; several where a border is too close to tell; none at sea."""
    countries_close_by: tuple[Country, ...]
    """Further countries within 5 km."""
    listed_under: str
    """The country GeoNames lists the town under, where Natural Earth draws it in another; ``""`` mostly."""
    remark: str
    """What to know about the area's status; ``""`` mostly."""

    @property
    def is_at_sea(self) -> bool:
        """Return whether no land lies within 5 km."""
        return not self.countries

    @property
    def country_name(self) -> str:
        """Return the country, all of them where it can't be told or the sources differ, or ``at sea``."""
        names = [_state_text(country, self.town) for country in self.countries]
        if self.countries and self.listed_under:
            names.append(self.listed_under)
        return " or ".join(names) or "at sea"

    @property
    def short(self) -> str:
        """Return few words for cards and rows: ``near Zagreb, Croatia``."""
        town = self.town
        if town.distance_km <= _NEAR_KM:
            where = f"near {town.name}"
        else:
            where = f"{distance_text(town.distance_km)} {town.direction} of {town.name}"
        return f"at sea, {where}" if self.is_at_sea else f"{where}, {self.country_name}"

    @property
    def full(self) -> str:
        """Return the whole: town, distance, direction, population, region, country, larger city, remark."""
        parts = [self._where()]
        if self.city is not None:
            abroad = self.city.country_code != self.town.country_code
            parts.append(f"{self.city.text}, {self.city.country}" if abroad else self.city.text)
        if self.countries_close_by:
            names = " and ".join(country.name for country in self.countries_close_by)
            parts.append(f"within {_REACH_KM:g} km of {names}")
        sentence = "; ".join(parts)
        if not self.remark:
            return sentence
        return f"{sentence.rstrip('.')}. {self.remark}"

    def _where(self) -> str:
        town = self.town
        region = (
            "" if town.region in {"", town.name} or town.region in self.country_name else f", {town.region}"
        )
        if self.is_at_sea:
            return f"at sea, {town.text}{region}, {town.country}"
        if self.listed_under or any(_is_same_state(town.country_code, country) for country in self.countries):
            return f"{town.text}{region}, {self.country_name}"
        return f"{town.text}{region}, {town.country}; the position itself in {self.country_name}"


class PlaceFinder:
    """Looks positions up; a look-up takes a millisecond or two and needs no network."""

    def __init__(self, gazetteer: Gazetteer, world: World) -> None:
        self._gazetteer = gazetteer
        self._world = world
        self._vectors = unit_vectors(gazetteer.latitude, gazetteer.longitude)
        self._city_rows = np.flatnonzero(gazetteer.population >= CITY_POPULATION)
        self._city_vectors = self._vectors[self._city_rows]

    def find(self, position: Position) -> PlaceName:
        """Return what is known about a position."""
        town_row = self._town_row(position)
        town = self._settlement(town_row, position)
        city_row = int(self._city_rows[np.argmax(_cosines(self._city_vectors, position))])
        city = self._settlement(city_row, position)
        is_worth_naming = city.distance_km <= _CITY_WITHIN_KM and self._is_larger(city_row, town_row)
        countries, close_by = self._countries_at(position)
        drawn = self._drawn_elsewhere(town) if town.distance_km <= _NEAR_KM else None
        return PlaceName(
            town=town,
            city=city if is_worth_naming else None,
            countries=countries,
            countries_close_by=close_by,
            listed_under="" if drawn is None else town.country,
            remark=_remark(position, town, countries, drawn),
        )

    def _is_larger(self, first_row: int, second_row: int) -> bool:
        population = self._gazetteer.population
        return bool(population[first_row] > population[second_row])

    def _town_row(self, position: Position) -> int:
        """Return the row of the place that the position is best described by."""
        cosines = _cosines(self._vectors, position)
        nearest_rad = math.acos(min(float(cosines.max()), 1.0))
        reach = math.cos(min(nearest_rad + _TOWN_CHOICE_KM / EARTH_RADIUS_KM, math.pi))
        rows = np.flatnonzero(cosines >= reach)
        population = np.maximum(self._gazetteer.population[rows], _UNSTATED_POPULATION)
        distances_km = EARTH_RADIUS_KM * np.arccos(np.minimum(cosines[rows], 1.0))
        return int(rows[np.argmin((distances_km + _CENTRE_KM) / np.sqrt(population))])

    def _settlement(self, row: int, position: Position) -> Settlement:
        gazetteer = self._gazetteer
        place = Position(float(gazetteer.latitude[row]), float(gazetteer.longitude[row]))
        ends = (place.latitude, place.longitude, position.latitude, position.longitude)
        population = int(gazetteer.population[row])
        country = int(gazetteer.country[row])
        return Settlement(
            name=gazetteer.names[row],
            population=population or Unavailable.NOT_AVAILABLE,
            region=gazetteer.region_names[int(gazetteer.region[row])],
            country=gazetteer.country_names[country],
            country_code=gazetteer.country_codes[country],
            position=place,
            distance_km=float(great_circle_km(*ends)),
            direction=_DIRECTIONS[round(float(initial_bearing_deg(*ends)) / 45.0) % 8],
        )

    def _countries_at(self, position: Position) -> tuple[tuple[Country, ...], tuple[Country, ...]]:
        """Return the countries the position may lie in, the likeliest first, and further ones close by."""
        close = self._country_rows(position, _REACH_KM)
        inside = self._country_rows(position, 0.0)
        doubtful = self._country_rows(position, _OUTLINE_ERROR_KM)
        likely = [*inside, *(row for row in doubtful if row not in inside)] or close[:1]
        others = [row for row in close if row not in likely]
        countries = self._world.countries
        return tuple(countries[row] for row in likely), tuple(countries[row] for row in others)

    def _country_rows(self, position: Position, reach_km: float) -> list[int]:
        """Return the rows of the countries within reach of a position, the nearest first."""
        import shapely

        distances: dict[int, float] = {}
        for place, surroundings in _surroundings(position, reach_km):
            parts = self._world.tree.query(surroundings, predicate="intersects")
            for part in parts:
                row = int(self._world.country_of_part[part])
                distance = float(shapely.distance(self._world.country_parts[part], place))
                distances[row] = min(distances.get(row, math.inf), distance)
        return sorted(distances, key=lambda row: distances[row])

    def _drawn_elsewhere(self, settlement: Settlement) -> Country | None:
        """Return the country a settlement is drawn in, where that is clearly not the one it is listed under."""
        rows = self._country_rows(settlement.position, _OUTLINE_ERROR_KM)
        near = [self._world.countries[row] for row in rows]
        if not near or any(_is_same_state(settlement.country_code, country) for country in near):
            return None
        return near[0]


@cache
def place_finder() -> PlaceFinder:
    """Return the finder over the shipped data; it is loaded once, in some tenths of a second."""
    return PlaceFinder(load_gazetteer(), load_world())


@lru_cache(maxsize=4096)
def find_place(position: Position) -> PlaceName:
    """Return what is known about a position, from the shipped data."""
    return place_finder().find(position)


def _remark(
    position: Position, town: Settlement, countries: tuple[Country, ...], drawn: Country | None
) -> str:
    sentences = []
    if len(countries) > 1:
        sentences.append("So close to a border that the outlines can't tell on which side.")
    area = disputed_area_at(position)
    if area is not None:
        sentences.append(f"In or near {area}, whose status is disputed.")
    if drawn is not None:
        sentences.append(
            f"The sources differ: GeoNames lists {town.name} under {town.country}, "
            f"Natural Earth draws it in {drawn.name}."
        )
    sentences += [_note(country) for country in countries if _note(country)]
    return " ".join(sentences)


def _is_same_state(code: str, country: Country) -> bool:
    return country.iso in {code, _PARTS_OF_STATES.get(code, code)}


def _state_text(country: Country, town: Settlement) -> str:
    """Return the country's name, with the part of it that GeoNames lists by itself: ``Réunion, France``."""
    is_part = _PARTS_OF_STATES.get(town.country_code) == country.iso and town.distance_km <= _NEAR_KM
    return f"{town.country}, {country.name}" if is_part else country.name


def _note(country: Country) -> str:
    if country.note:
        return f"Natural Earth notes on {country.name}: {country.note.rstrip('.')}."
    if country.type in {"Disputed", "Indeterminate"} and country.sovereign != country.name:
        return f"Natural Earth marks {country.name} as {country.type.lower()}."
    return ""


def _cosines(vectors: NDArray[np.float64], position: Position) -> NDArray[np.float64]:
    """Return float64[n], the cosines of the angles between unit vectors float64[n, 3] and a position.

    Not by matrix multiplication: where the linear algebra library was left its threads, as in a program that uses
    this one as a library, each call wakes them, and they turn round for some hundredths of a second in wait for more.
    """
    x, y, z = unit_vectors(position.latitude, position.longitude).tolist()
    cosines: NDArray[np.float64] = vectors[:, 0] * x + vectors[:, 1] * y + vectors[:, 2] * z
    return cosines


def _surroundings(position: Position, reach_km: float) -> "Iterator[tuple[Geometry, Geometry]]":
    """Yield the position and what lies within reach of it, in degrees; twice where the date line is near."""
    import shapely

    reach = reach_km / KM_PER_DEGREE
    across = min(reach / max(math.cos(math.radians(position.latitude)), 1e-6), 180.0)
    longitudes = [position.longitude]
    if abs(position.longitude) + across > 180.0:
        longitudes.append(position.longitude - math.copysign(360.0, position.longitude))
    for longitude in longitudes:
        place = shapely.Point(longitude, position.latitude)
        if reach_km <= 0.0:
            yield place, place
            continue
        angles = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
        ellipse = np.column_stack([across * np.cos(angles), reach * np.sin(angles)])
        yield place, shapely.Polygon(np.add(ellipse, (longitude, position.latitude)))
