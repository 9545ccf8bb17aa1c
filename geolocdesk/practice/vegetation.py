"""Which plants grow at a place."""

import numpy as np
from numpy.typing import NDArray

from geolocdesk.geodesy import Position
from geolocdesk.practice.climate import Climate
from geolocdesk.practice.regions import RegionStyle

KINDS_PER_PLACE = 4
LEAF_SHEDDING = frozenset({"broadleaf", "birch", "poplar"})


def choose_plants(
    climate: Climate, region: RegionStyle, position: Position, drift: NDArray[np.float64]
) -> tuple[tuple[str, float], ...]:
    """Return the commonest kinds of plants with their shares, most common first.

    ``drift`` is float64[3]: numbers that neighbouring places share and that tip the balance between kinds.
    """
    fitness = suitability(climate, position)
    weights: dict[str, float] = {}
    for order, (kind, fit) in enumerate(sorted(fitness.items())):
        planted = 1 + 0.9 * region.trees.count(kind)
        if kind in _ONLY_WHERE_NATIVE and kind not in region.trees:
            planted = 0.08
        weights[kind] = (fit * planted) ** 1.9 * float(np.exp(0.3 * drift[order % 3] * (-1) ** (order // 3)))
    common = sorted(weights, key=lambda kind: (-weights[kind], kind))[:KINDS_PER_PLACE]
    leafless = climate.month_mean_c < 4
    total = sum(weights[kind] for kind in common)
    shares: dict[str, float] = {}
    for kind in common:
        shown = "bare" if leafless and kind in LEAF_SHEDDING else kind
        shares[shown] = shares.get(shown, 0.0) + weights[kind] / total
    return tuple(shares.items())


_ONLY_WHERE_NATIVE = frozenset({"eucalyptus", "baobab", "bamboo", "agave", "olive", "cypress"})


def suitability(climate: Climate, position: Position) -> dict[str, float]:
    """Return how well each kind grows in a climate, 0 to 1."""
    mean, cold, wet = climate.annual_mean_c, climate.coldest_month_c, climate.moisture
    new_world_desert = -118 < position.longitude < -64
    return {
        "palm": _bell(wet, 0.75, 0.3) * _rise(cold, 13, 19),
        "date_palm": _bell(wet, 0.08, 0.22) * _rise(mean, 17, 22),
        "rainforest": _rise(wet, 0.5, 0.8) * _rise(mean, 19, 23),
        "banana": 0.6 * _rise(wet, 0.45, 0.7) * _rise(mean, 18, 22),
        "bamboo": 0.8 * _rise(wet, 0.45, 0.65) * _bell(mean, 18, 7),
        "acacia": _bell(wet, 0.36, 0.2) * _rise(mean, 15, 20),
        "baobab": 0.5 * _bell(wet, 0.36, 0.15) * _rise(mean, 20, 24),
        "eucalyptus": 0.9 * _bell(wet, 0.45, 0.35) * _bell(mean, 17, 7),
        "cactus": (1.0 if new_world_desert else 0.0) * _bell(wet, 0.05, 0.18) * _rise(mean, 11, 17),
        "agave": 0.8 * _bell(wet, 0.22, 0.2) * _rise(mean, 9, 15),
        "olive": 0.8 * _bell(wet, 0.45, 0.22) * _bell(mean, 16, 4),
        "cypress": 0.8 * _bell(wet, 0.48, 0.22) * _bell(mean, 15, 4),
        "pine": 0.7 * _bell(wet, 0.5, 0.25) * _bell(mean, 10, 6),
        "broadleaf": _rise(wet, 0.25, 0.5) * _bell(mean, 11, 7),
        "poplar": 0.5 * _rise(wet, 0.15, 0.35) * _bell(mean, 10, 5),
        "birch": 0.8 * _rise(wet, 0.25, 0.45) * _bell(mean, 2, 5),
        "conifer": _rise(wet, 0.28, 0.5) * _bell(mean, 0, 6),
        "shrub": 0.25 + 0.5 * _bell(wet, 0.25, 0.2),
        "dry_shrub": 0.08 + 0.8 * _bell(wet, 0.0, 0.15),
    }


def _rise(value: float, start: float, end: float) -> float:
    return min(max((value - start) / (end - start), 0.0), 1.0)


def _bell(value: float, middle: float, width: float) -> float:
    return float(np.exp(-(((value - middle) / width) ** 2)))
