"""Which positions lie in some countries, by Natural Earth's outlines."""

import math
from collections.abc import Collection
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geolocdesk.atlas.inside import are_inside
from geolocdesk.atlas.world import load_world, world_file
from geolocdesk.geodesy import KM_PER_DEGREE
from geolocdesk.provenance import sha256_of_file

if TYPE_CHECKING:
    from shapely import Geometry

_OUTLINE_ERROR_KM = 1.2
"""So close to a border the outlines can't tell on which side a position lies: it counts on both."""
_COAST_KM = 5.0
"""So close to the land a position that lies in no country counts as well: piers, beaches and small islands."""


def are_in_countries(codes: Collection[str], positions: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return bool[n]: which positions float64[n, 2] (latitude, longitude) lie in, or close to, one of the countries.

    ``codes`` are ISO 3166-1 alpha-2. A country is what Natural Earth draws as one, which is by who controls the
    land; codes that it does not have hold no position.
    """
    wanted = tuple(sorted(codes))
    found = are_inside(_area_of(wanted, _OUTLINE_ERROR_KM), positions)
    near = np.flatnonzero(~found)
    near = near[are_inside(_area_of(wanted, _COAST_KM), positions[near])]
    found[near] = _are_in_no_country(positions[near])
    return found


@cache
def outlined_countries() -> frozenset[str]:
    """Return the codes of the countries whose outlines are known."""
    return frozenset(country.iso for country in load_world().countries if country.iso)


@cache
def outlines_sha256() -> str:
    """Return the hash that stands for the outlines in an analysis's provenance."""
    return sha256_of_file(world_file())


def _are_in_no_country(positions: NDArray[np.float64]) -> NDArray[np.bool_]:
    import shapely

    at_sea = np.ones(len(positions), np.bool_)
    if len(positions) == 0:
        return at_sea
    south, west = positions.min(axis=0)
    north, east = positions.max(axis=0)
    world = load_world()
    for part in world.country_parts[world.tree.query(shapely.box(west, south, east, north))]:
        at_sea &= ~are_inside(part, positions)
    return at_sea


@lru_cache(maxsize=16)
def _area_of(codes: tuple[str, ...], reach_km: float) -> "Geometry":
    """Return the countries and what lies within reach of them, in degrees."""
    import shapely

    world = load_world()
    owners = np.array([country.iso in codes for country in world.countries])
    parts = world.country_parts[owners[world.country_of_part]]
    return shapely.union_all([_widened(part, reach_km) for part in parts])


def _widened(part: "Geometry", reach_km: float) -> "Geometry":
    import shapely

    _, south, _, north = shapely.bounds(part)
    narrowing = max(math.cos(math.radians(max(abs(south), abs(north)))), 0.01)
    narrow = shapely.transform(part, lambda degrees: degrees * (narrowing, 1.0))
    wide = shapely.buffer(narrow, reach_km / KM_PER_DEGREE, quad_segs=2)
    return shapely.transform(wide, lambda degrees: degrees / (narrowing, 1.0))
