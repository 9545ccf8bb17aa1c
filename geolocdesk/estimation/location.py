"""The answer for one photo: a position, one answer per level, and the regions that hold its mass."""

from dataclasses import dataclass
from typing import Literal, TypeGuard

import numpy as np
from numpy.typing import NDArray

from geolocdesk.geodesy import Position
from geolocdesk.unavailable import Unavailable

EstimatorName = Literal["sphere", "vo2017", "nearest", "classes", "fused", "geoclip"]


@dataclass(frozen=True, slots=True)
class Level:
    """A precision at which an answer counts as right: great-circle error of at most ``radius_km``."""

    name: str
    radius_km: float


LEVELS = (
    Level("street", 1.0),
    Level("city", 25.0),
    Level("region", 200.0),
    Level("country", 750.0),
    Level("continent", 2500.0),
)
"""The paper's five levels."""


@dataclass(frozen=True, slots=True)
class EstimationParameters:
    """What the estimate depends on besides the neighbours. Stored with every result."""

    estimator: EstimatorName = "sphere"
    neighbours: int = 100
    """k ≥ 1."""
    exponent: float = 10.0
    """m ≥ 0 in w = (1/d)^m; for ``geoclip`` in w = exp(−m d²/2), a softmax of m times the cosine."""
    bandwidth_deg: float = 4.0
    """σ of the kernel in degrees of arc, > 0."""
    cells: int | None = None
    """For ``classes``: the head with so many cells; None combines all the model has."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a probability was calibrated on."""

    photos: int
    method: str
    source: str


@dataclass(frozen=True, slots=True)
class LevelAnswer:
    """The best answer at one level: the point whose disc of the level's radius holds the most mass."""

    level: Level
    position: Position
    probability: float
    """0–1: the mass inside that disc, or its calibrated value."""
    calibration: Calibration | Unavailable = Unavailable.NOT_AVAILABLE
    """``NOT_AVAILABLE`` means: not calibrated."""


@dataclass(frozen=True, slots=True)
class Familiarity:
    """How like the pack's photos the photo is, beside the photos the pack was calibrated on."""

    distance: float
    """The mean descriptor distance of its neighbours."""
    share_nearer: float
    """0–1: how many of the calibration photos had nearer neighbours."""
    limit: float
    """Above this distance the photo resembles nothing in the pack."""
    photos: int
    """How many photos the comparison is with."""

    @property
    def is_unfamiliar(self) -> bool:
        """Return whether the photo resembles nothing in the pack, so that no probability holds for it."""
        return self.distance > self.limit


def resembles_nothing(familiarity: Familiarity | Unavailable) -> TypeGuard[Familiarity]:
    """Return whether it is known that the photo resembles nothing in the pack."""
    return not isinstance(familiarity, Unavailable) and familiarity.is_unfamiliar


@dataclass(frozen=True, slots=True, eq=False)
class SphericalPolygon:
    """One connected part of a region, as closed rings on the sphere.

    Each ring is float64[n, 2] of (latitude, longitude) in degrees, first vertex repeated last, neighbours
    joined by the shorter great circle; the exterior runs counter-clockwise seen from outside (its inside is
    on the left), holes clockwise. Rings may cross the date line and may go round a pole.
    """

    exterior: NDArray[np.float64]
    holes: tuple[NDArray[np.float64], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A highest-density region: the smallest area that holds ``mass`` (0–1) of the density."""

    mass: float
    area_km2: float
    parts: tuple[SphericalPolygon, ...]


@dataclass(frozen=True, slots=True)
class Mode:
    """A local maximum of the density."""

    position: Position
    density_per_km2: float


@dataclass(frozen=True, slots=True, eq=False)
class CellProbabilities:
    """The most probable of the cells a model tells apart, most probable first."""

    bounds: NDArray[np.float64]
    """float64[n, 4] in degrees: south, north, west, east."""
    probabilities: NDArray[np.float64]
    """float64[n]; the rest to 1 lies in the cells that are not listed."""
    cells: int
    """How many cells there are in all."""

    def __post_init__(self) -> None:
        self.bounds.setflags(write=False)
        self.probabilities.setflags(write=False)


@dataclass(frozen=True, slots=True, eq=False)
class LocationEstimate:
    """Everything the neighbours say about the place."""

    parameters: EstimationParameters
    position: Position
    """The single best position: the highest mode (or what the estimator defines in its place)."""
    levels: tuple[LevelAnswer, ...]
    regions: tuple[Region, ...]
    modes: tuple[Mode, ...]
    """Highest first."""
    weights: NDArray[np.float64]
    """float64[k], the neighbours' normalised weights in rank order, sum 1, read-only."""
    cells: CellProbabilities | None = None
    """Where the answer rests on classes of places: how probable these are."""
    familiarity: Familiarity | Unavailable = Unavailable.NOT_AVAILABLE
    """``NOT_AVAILABLE`` means: not calibrated."""
