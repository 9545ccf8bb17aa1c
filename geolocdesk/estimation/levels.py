"""One answer per level: the point whose disc of the level's radius holds the most of the density.

Where the radius is small beside the bandwidth, that is a mode of the density or close to one. Where it is
large, one disc may cover several clusters, and the best disc has some of the neighbours near its rim; so the
starts then include the discs that have two neighbours near their rims.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geolocdesk.estimation.ascent import Summits, ascend
from geolocdesk.estimation.density import Density
from geolocdesk.estimation.disc_mass import disc_mass
from geolocdesk.estimation.kernel import Float64, versines
from geolocdesk.estimation.location import LEVELS, Level, LevelAnswer
from geolocdesk.geodesy import EARTH_RADIUS_KM, Position, cross, positions_of

_STARTS = 5
"""Climbs for each level."""

_PAIRS, _PAIRS_FOR_SHARP_RIMS = 500, 5000
"""At most so many pairs of neighbours, the heaviest, are tried for the same disc."""

_SHARP = 40.0
"""Where the disc is over so many bandwidths wide, its rim hardly blurs, and a climb cannot find its way from
one set of neighbours to a better one: more discs are tried."""

_ITERATIONS = 8
"""After so many steps the mass of the disc is within 2e-4 of what sixty would reach."""

_ITERATIONS_FOR_SHARP_RIMS = 60
"""A rim that hardly blurs tells a climb the way only by small steps."""

_BLURRED = 2.5
"""A disc of fewer bandwidths' radius blurs the density so much that only the middles of pairs are of use."""

_HOPELESS = 0.8
"""Starts below this share of the best one's rough mass are not climbed from."""

_SAME_PLACE = 1.0 - 1e-12
"""Neighbours at this cosine are at the same place (or antipodes): there is nothing between them."""

_EQUAL_MASS = 1e-6
"""Discs that hold the same to this are equally good; the one found from the higher mode is the answer."""


def answer_levels(
    density: Density, modes: Summits, levels: Sequence[Level] = LEVELS
) -> tuple[LevelAnswer, ...]:
    """Return the best answer at each level, in the levels' order.

    The probability is the density's mass inside the disc, not calibrated; it never falls from a smaller
    radius to a larger one.
    """
    radii_km = tuple(sorted({level.radius_km for level in levels}))
    centres, masses = best_discs(density, modes, radii_km)
    latitudes, longitudes = positions_of(centres)
    answers = []
    for level in levels:
        number = radii_km.index(level.radius_km)
        position = Position(float(latitudes[number]), float(longitudes[number]))
        answers.append(LevelAnswer(level, position, float(masses[number])))
    return tuple(answers)


def best_discs(
    density: Density, modes: Summits, radii_km: tuple[float, ...]
) -> tuple[Float64, NDArray[np.float64]]:
    """Return the centres (unit vectors) and masses of the best disc of each radius, radii rising."""
    radii_rad = tuple(radius / EARTH_RADIUS_KM for radius in radii_km)
    table = disc_mass(density.bandwidth_rad, radii_rad)
    starts = [_starts(density, modes, radius) for radius in radii_rad]
    owner = np.repeat(np.arange(len(radii_km), dtype=np.intp), [len(found) for found in starts])
    sharp = radii_rad[-1] >= _SHARP * density.bandwidth_rad
    lengths = np.hypot(density.bandwidth_rad, np.array(radii_rad) / 4.0)[owner]
    summits = ascend(
        np.concatenate(starts),
        density.sources,
        density.weights,
        lambda versine, climbers: table.profile(versine, owner[climbers]),
        lengths_rad=lengths,
        tolerance_rad=1e-3 * float(lengths.min()),
        least_gain=1e-5,
        iterations=_ITERATIONS_FOR_SHARP_RIMS if sharp else _ITERATIONS,
    )
    chosen = [
        _first_of_the_best(summits.values, np.flatnonzero(owner == number)) for number in range(len(radii_km))
    ]
    return _never_falling(density, summits.vectors[chosen], radii_km)


def _first_of_the_best(values: Float64, climbers: NDArray[np.intp]) -> np.intp:
    good = values[climbers] >= values[climbers].max() - _EQUAL_MASS
    return np.intp(climbers[np.argmax(good)])


def _never_falling(
    density: Density, centres: Float64, radii_km: tuple[float, ...]
) -> tuple[Float64, NDArray[np.float64]]:
    """Return centres and masses; where a smaller disc's centre serves a larger one better, it is taken."""
    table = disc_mass(density.bandwidth_rad, tuple(radius / EARTH_RADIUS_KM for radius in radii_km))
    disc, centre = np.tril_indices(len(radii_km))
    held = np.zeros((len(radii_km), len(radii_km)))
    held[disc, centre] = table.values(versines(centres, density.sources)[centre], disc) @ density.weights
    own, most = np.diagonal(held), held.max(axis=1)
    best = np.where(own >= most - _EQUAL_MASS, np.arange(len(radii_km)), held.argmax(axis=1))
    masses = held[np.arange(len(radii_km)), best]
    return centres[best], np.clip(np.maximum.accumulate(masses), 0.0, 1.0)


def _starts(density: Density, modes: Summits, radius_rad: float) -> Float64:
    """Return the centres worth climbing from, the highest mode first."""
    if radius_rad < 0.5 * density.bandwidth_rad:
        # the disc blurs the density by about this share, so no lower mode can overtake the highest
        blur = (radius_rad / density.bandwidth_rad) ** 2
        rivals: Float64 = modes.vectors[modes.values >= modes.values[0] * (1.0 - blur)]
        return rivals[:_STARTS]
    candidates = [modes.vectors, density.sources]
    scores = [_rough_masses(found, density, radius_rad) for found in candidates]
    if max(float(score.max()) for score in scores) < 1.0 - 1e-3:
        candidates.append(_discs_between_two(density, radius_rad))
        scores.append(_rough_masses(candidates[-1], density, radius_rad))
    sharp = density.bandwidth_rad < radius_rad / _SHARP
    return _best_apart(
        modes.vectors[:1],
        np.concatenate(candidates),
        np.concatenate(scores),
        count=_STARTS + (5 if sharp else 1),
        apart_rad=radius_rad / (8.0 if sharp else 2.0),
    )


def _rough_masses(centres: Float64, density: Density, radius_rad: float) -> Float64:
    """Return each disc's mass with the kernel's mass profile in three steps: at −σ, 0 and +σ from the rim."""
    pairs = versines(centres, density.sources)
    covered = np.zeros(pairs.shape, dtype=np.int8)
    for offset in (-1.0, 0.0, 1.0):
        rim = min(math.pi, max(0.0, radius_rad + offset * density.bandwidth_rad))
        covered += pairs <= 2.0 * math.sin(rim / 2.0) ** 2
    return np.asarray(covered.astype(np.float32) @ density.weights.astype(np.float32) / 3.0, dtype=np.float64)


def _discs_between_two(density: Density, radius_rad: float) -> Float64:
    """Return the centres of discs that lie between two neighbours, the pairs that weigh most standing for all.

    Midway between the two; and, where the disc is so large that its rim matters, so that both lie a
    bandwidth inside the rim.
    """
    bandwidth = density.bandwidth_rad
    cosines = 1.0 - versines(density.sources, density.sources)
    furthest = min(math.pi, 2.0 * (radius_rad + bandwidth))
    first, second = np.nonzero(np.triu((cosines > math.cos(furthest)) & (np.abs(cosines) < _SAME_PLACE), 1))
    most = _PAIRS_FOR_SHARP_RIMS if bandwidth < radius_rad / _SHARP else _PAIRS
    if len(first) > most:
        weight = density.weights[first] + density.weights[second]
        heaviest = np.argpartition(-weight, most)[:most]
        first, second = first[heaviest], second[heaviest]
    one, other, cosine_apart = density.sources[first], density.sources[second], cosines[first, second]
    half_cosine = np.sqrt((1.0 + cosine_apart) / 2.0)
    middle = (one + other) / (2.0 * half_cosine)[:, None]
    if radius_rad < _BLURRED * bandwidth:
        return np.asarray(middle, dtype=np.float64)
    distance = radius_rad - bandwidth
    crossing = half_cosine > abs(math.cos(distance))
    cosine = (math.cos(distance) / half_cosine[crossing])[:, None]
    sine = np.sqrt(1.0 - cosine**2)
    normal = cross(one[crossing], other[crossing]) / np.sqrt(1.0 - cosine_apart[crossing] ** 2)[:, None]
    along, aside = cosine * middle[crossing], sine * normal
    return np.concatenate([middle, along + aside, along - aside])


def _best_apart(
    first: Float64, candidates: Float64, scores: Float64, *, count: int, apart_rad: float
) -> Float64:
    """Return ``first`` and the best-scored candidates, each so far from those already chosen."""
    chosen = [first[0]]
    near = 2.0 * math.sin(min(apart_rad, math.pi) / 2.0) ** 2
    least = _HOPELESS * float(scores.max())
    remaining = np.where(versines(candidates, first)[:, 0] < near, -1.0, scores)
    while len(chosen) < count:
        best = int(np.argmax(remaining))
        if remaining[best] < least:
            break
        chosen.append(candidates[best])
        remaining[versines(candidates, candidates[best : best + 1])[:, 0] < near] = -1.0
    return np.array(chosen)
