"""Chooses where and when the practice photos are taken: at random, on land, mostly where people live."""

from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from geolocdesk.geodesy import Position, destination
from geolocdesk.practice.geography import CELLS_PER_DEGREE, Geography
from geolocdesk.practice.look import Place
from geolocdesk.practice.regions import CONTINENTS, continent_of

_SHARE_NEAR_ANOTHER = 0.35
"""Photos cluster: this share of the places lies within 40 km of an earlier one and is of the same outing."""
_MOST_TRIES = 10_000
_CONTINENTS = sorted(CONTINENTS)


def choose_places(geography: Geography, *, count: int, seed: int, prefix: str = "p") -> tuple[Place, ...]:
    """Return ``count`` places named ``prefix`` and a number; the same arguments give the same places."""
    rng = np.random.default_rng([seed, 17])
    cells, chances = _inhabited_cells(geography)
    places: list[Place] = []
    for number in range(count):
        if places and rng.random() < _SHARE_NEAR_ANOTHER:
            neighbour = places[int(rng.integers(len(places)))]
            position = _near(neighbour.position, geography, rng)
            moment = _same_outing(neighbour.captured_at, rng)
            trip_seed = neighbour.trip_seed
        else:
            position = _in_some_cell(cells, chances, geography, rng)
            moment = _some_day(position, rng)
            trip_seed = int(rng.integers(1 << 31))
        places.append(_place(f"{prefix}{number + 1:03d}", position, moment, trip_seed, rng))
    return tuple(places)


def _inhabited_cells(geography: Geography) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return land cells (row, column) and the chance of each.

    People attract photos, less than in proportion; empty land gets a little, and so that no continent is
    drowned by Asia, each gets a share between its part of the whole and an equal one.
    """
    cells = np.argwhere((geography.coast_km > -20) & (geography.country_index > 0))
    rows, columns = cells.T
    latitudes = 90 - (rows + 0.5) / CELLS_PER_DEGREE
    area = np.cos(np.radians(latitudes))
    people = geography.town_density[rows, columns].astype(np.float64)
    weights = area * (np.power(people, 0.45) + 0.10 * (np.abs(latitudes) < 72))
    continents = [continent_of(code) for code in geography.country_codes]
    of_cell = np.array([-1 if name is None else _CONTINENTS.index(name) for name in continents])
    continent = of_cell[geography.country_index[rows, columns].astype(np.int64) - 1]
    totals = np.array([weights[continent == index].sum() for index in range(len(_CONTINENTS))])
    factors = np.append(np.power(totals, 0.6) / totals, 0.0)
    chances = weights * factors[continent]
    return cells, chances / chances.sum()


def _in_some_cell(
    cells: NDArray[np.int64], chances: NDArray[np.float64], geography: Geography, rng: np.random.Generator
) -> Position:
    for _ in range(_MOST_TRIES):
        row, column = cells[int(rng.choice(len(cells), p=chances))]
        latitude = 90 - (row + rng.random()) / CELLS_PER_DEGREE
        longitude = -180 + (column + rng.random()) / CELLS_PER_DEGREE
        position = Position(round(float(latitude), 6), round(float(longitude), 6))
        if _on_safe_land(position, geography):
            return position
    message = "found no land in the geography"
    raise RuntimeError(message)


def _near(neighbour: Position, geography: Geography, rng: np.random.Generator) -> Position:
    """Return a land position 2 to 40 km away, or the neighbour itself where the sea leaves no room."""
    for _ in range(50):
        bearing_deg, distance_km = float(rng.uniform(0, 360)), float(rng.uniform(2, 40))
        latitude, longitude = destination(neighbour.latitude, neighbour.longitude, bearing_deg, distance_km)
        position = Position(round(float(latitude), 6), round(float(longitude), 6))
        if _on_safe_land(position, geography):
            return position
    return neighbour


def _on_safe_land(position: Position, geography: Geography) -> bool:
    """Return whether a position is on land by more than the map's error along a coast."""
    return geography.is_land(position, margin_cells=1) and geography.country_at(position) is not None


def _some_day(position: Position, rng: np.random.Generator) -> datetime:
    """Return a moment of daylight, in the lighter half of the year by preference."""
    summer = 172 if position.latitude >= 0 else 355
    spread = 75 if abs(position.latitude) > 23 else 180
    day = round(summer + float(rng.normal(0, spread))) % 365
    return datetime(2024, 1, 1) + timedelta(days=day, minutes=int(rng.uniform(7.5 * 60, 18 * 60)))  # noqa: DTZ001


def _same_outing(moment: datetime, rng: np.random.Generator) -> datetime:
    """Return a moment of the same day, an hour away at most."""
    return moment + timedelta(minutes=int(rng.uniform(-60, 60)))


def _place(
    name: str, position: Position, moment: datetime, trip_seed: int, rng: np.random.Generator
) -> Place:
    return Place(
        name=name,
        position=position,
        captured_at=moment,
        road_bearing_deg=round(float(rng.uniform(0, 360)), 1),
        heading_offset_deg=round(float(rng.uniform(22, 48)), 1),
        seed=int(rng.integers(1 << 31)),
        trip_seed=trip_seed,
    )
