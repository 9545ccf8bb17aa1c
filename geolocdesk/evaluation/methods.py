"""Methods by which a query is located: the paper's, this program's own, and baselines without an image."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import UsageError
from geolocdesk.estimation.cells import most_probable_position
from geolocdesk.estimation.classes import classify
from geolocdesk.estimation.estimate import estimate_from_arrays, estimate_location
from geolocdesk.estimation.location import LEVELS, EstimationParameters, EstimatorName, LocationEstimate
from geolocdesk.estimation.usual import usual_parameters
from geolocdesk.features.class_heads import ClassHeads
from geolocdesk.geodesy import EARTH_RADIUS_KM, Position, unit_vectors
from geolocdesk.reference.neighbours import Neighbours

LONDON = Position(51.5074, -0.1278)
"""The paper's baseline: always the same answer, whatever the photo shows."""

_CONSTANTS_TRIED = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a method may look at."""

    neighbours: Neighbours
    vector: NDArray[np.float32]
    """The query's descriptor, as the pack's are."""
    any_reference: Position
    """The place of a reference drawn at random."""


@dataclass(frozen=True, slots=True)
class Answers:
    """One answer a level, in the order of ``LEVELS``."""

    positions: tuple[Position, ...]
    estimate: LocationEstimate | None = None
    """Where the levels' answers have shares of the evidence: the estimate that holds them."""


Method = Callable[[Seen], Answers]


def _everywhere(position: Position) -> Answers:
    return Answers((position,) * len(LEVELS))


def always_london(_seen: Seen) -> Answers:
    """Answer London at every level."""
    return _everywhere(LONDON)


def random_reference(seen: Seen) -> Answers:
    """Answer the place of a reference drawn at random, whatever the photo shows."""
    return _everywhere(seen.any_reference)


def nearest(seen: Seen) -> Answers:
    """Answer the place of the nearest neighbour (NN in the paper)."""
    return _everywhere(seen.neighbours.items[0].reference.position)


def density_peak(seen: Seen, *, parameters: EstimationParameters) -> Answers:
    """Answer the estimator's one position: for ``sphere`` the density's highest mode (kNN in the paper)."""
    found = seen.neighbours
    estimate = estimate_from_arrays(
        found.latitudes(),
        found.longitudes(),
        found.distances(),
        parameters,
        with_levels=False,
        with_regions=False,
    )
    return _everywhere(estimate.position)


def answer_per_level(
    seen: Seen, *, parameters: EstimationParameters | None = None, heads: ClassHeads | None = None
) -> Answers:
    """Answer, at each level, the point whose disc holds the most mass (σ = 4); ``heads`` are the model's classes."""
    used = parameters or EstimationParameters()
    estimate = estimate_location(seen.neighbours, used, vector=seen.vector, heads=heads, with_regions=False)
    return Answers(tuple(answer.position for answer in estimate.levels), estimate)


def most_probable_class(seen: Seen, *, heads: ClassHeads, cells: int | None) -> Answers:
    """Answer the middle of the most probable cell: of one head (C in the paper), or of all combined."""
    return _everywhere(most_probable_position(classify(heads, seen.vector, cells)))


def best_constant(positions: NDArray[np.float64], seed: int) -> Method:
    """Return the method that always answers, at each level, the place with the most references round it.

    ``positions`` is float64[n, 2]; of many references some, drawn at random, are tried as the answer.
    """
    generator = np.random.default_rng(seed)
    tried = positions
    if len(positions) > _CONSTANTS_TRIED:
        tried = positions[generator.choice(len(positions), _CONSTANTS_TRIED, replace=False)]
    sources, candidates = unit_vectors(*positions.T), unit_vectors(*tried.T)
    counts = np.zeros((len(LEVELS), len(tried)), np.int64)
    least = np.cos([level.radius_km / EARTH_RADIUS_KM for level in LEVELS])
    for start in range(0, len(candidates), 64):
        cosines = candidates[start : start + 64] @ sources.T
        for number, cosine in enumerate(least):
            counts[number, start : start + 64] = (cosines >= cosine - 1e-12).sum(axis=1)
    chosen = [tried[int(np.argmax(row))] for row in counts]
    answers = Answers(tuple(Position(float(latitude), float(longitude)) for latitude, longitude in chosen))
    return lambda _seen: answers


METHODS: dict[str, Method] = {
    "london": always_london,
    "random": random_reference,
    "nearest": nearest,
    "knn-1": partial(density_peak, parameters=EstimationParameters(bandwidth_deg=1.0)),
    "knn-4": partial(density_peak, parameters=EstimationParameters(bandwidth_deg=4.0)),
    "knn-16": partial(density_peak, parameters=EstimationParameters(bandwidth_deg=16.0)),
    "vo2017": partial(density_peak, parameters=EstimationParameters(estimator="vo2017")),
    "levels": answer_per_level,
}
"""Methods that every pack and model has."""

CONSTANT = "constant"
CLASSES = "classes"
CLASS_LEVELS: Final = "class-levels"
FUSED: Final = "fused"
_ASKING_CLASSES: Mapping[str, EstimatorName] = {CLASS_LEVELS: "classes", FUSED: "fused"}
"""Methods that answer at each level as an estimator does, by name."""

GEOCLIP: Final = "geoclip"
NAMES = (
    "london",
    CONSTANT,
    *(name for name in METHODS if name != "london"),
    CLASSES,
    CLASS_LEVELS,
    FUSED,
    GEOCLIP,
)
"""Every method by name, in the order of a table; ``classes`` stands for one a head and all combined."""


def check_methods(names: str | None) -> tuple[str, ...]:
    """Return the methods that a comma-separated list names, or all of them. Raises UsageError."""
    if names is None:
        return NAMES
    wanted = tuple(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    unknown = [name for name in wanted if name not in NAMES and not _is_one_head(name)]
    if unknown or not wanted:
        message = (
            f"Unknown method {', '.join(unknown) or '(none named)'}; choose from {', '.join(NAMES)}, or "
            f"{CLASSES}-N for the head of N cells."
        )
        raise UsageError(message)
    return wanted


def _is_one_head(name: str) -> bool:
    kind, _, cells = name.partition("-")
    return kind == CLASSES and cells.isdecimal()


def methods_of(
    names: Sequence[str],
    heads: ClassHeads | None,
    positions: NDArray[np.float64],
    seed: int,
    *,
    softmax_scale: float | None = None,
) -> dict[str, Method]:
    """Return the named methods as one pack and model have them.

    A model without classes has none of theirs, and only GeoCLIP's, which has a ``softmax_scale``, has its method.
    """
    found: dict[str, Method] = {}
    for name in names:
        if name == CONSTANT:
            found[name] = best_constant(positions, seed)
        elif name in METHODS:
            found[name] = METHODS[name]
        elif name == GEOCLIP:
            if softmax_scale is not None:
                usual = usual_parameters(GEOCLIP, softmax_scale)
                found[name] = partial(answer_per_level, parameters=usual)
        elif name in _ASKING_CLASSES:
            if heads is not None:
                usual = usual_parameters(_ASKING_CLASSES[name], None)
                found[name] = partial(answer_per_level, parameters=usual, heads=heads)
        elif heads is not None:
            chosen = _class_methods(heads)
            found.update(chosen if name == CLASSES else _only(chosen, name))
    return found


def _class_methods(heads: ClassHeads) -> dict[str, Method]:
    methods: dict[str, Method] = {
        f"{CLASSES}-{len(head)}": partial(most_probable_class, heads=heads, cells=len(head))
        for head in heads.heads
    }
    if len(heads.heads) > 1:
        methods[CLASSES] = partial(most_probable_class, heads=heads, cells=None)
    return methods


def _only(methods: Mapping[str, Method], name: str) -> dict[str, Method]:
    if name not in methods:
        message = f"The model has no {name}; it has {', '.join(methods)}."
        raise UsageError(message)
    return {name: methods[name]}
