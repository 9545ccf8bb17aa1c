"""What one photo's neighbours cost once they are found: density, levels and regions on the sphere, and vo2017."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from geolocdesk.estimation.density import Density, estimate_density
from geolocdesk.estimation.estimate import estimate_from_arrays
from geolocdesk.estimation.levels import answer_levels
from geolocdesk.estimation.location import EstimationParameters
from geolocdesk.estimation.modes import climb_to_modes
from geolocdesk.estimation.region import highest_density_regions
from geolocdesk.estimation.vo2017 import find_vo2017_position
from geolocdesk.geodesy import positions_of
from tests.benchmarks.table import Line, Section, seconds_of

NEIGHBOURS = 100

Floats = NDArray[np.float64]
Case = tuple[Floats, Floats, Floats]


def neighbour_lists(count: int) -> list[Case]:
    """Return latitudes, longitudes and distances as searches return them: some look-alikes together, most apart."""
    cases = []
    for number in range(count):
        rng = np.random.default_rng([2017, number])
        hubs = rng.normal(size=(30, 3))
        hubs /= np.linalg.norm(hubs, axis=1)[:, None]
        spread = np.where(rng.random(NEIGHBOURS) < 0.5, 0.01, 0.1)[:, None]
        vectors = hubs[rng.integers(0, len(hubs), NEIGHBOURS)] + spread * rng.normal(size=(NEIGHBOURS, 3))
        distances = np.sort(rng.normal(1.0, 0.05, NEIGHBOURS).clip(0.3))
        cases.append((*positions_of(vectors / np.linalg.norm(vectors, axis=1)[:, None]), distances))
    return cases


def released_grids(case: Case) -> tuple[int, int]:
    """Return the highest cell of both whole grids, filled, blurred and looked through as the released program does."""
    latitudes, longitudes, distances = case
    weights = distances**-20
    coarse = np.zeros((180, 360))
    np.add.at(coarse, (np.ceil(latitudes).astype(int) + 89, np.ceil(longitudes).astype(int) + 179), weights)
    coarse = gaussian_filter(coarse, 4.0, mode="nearest", truncate=2.0)
    highest = np.unravel_index(np.argmax(coarse), coarse.shape)
    row, column = min(max(int(highest[0]), 20), 158) * 10, min(max(int(highest[1]), 20), 338) * 10
    fine = np.zeros((1800, 3600))
    rows, columns = np.ceil(latitudes * 10).astype(int) + 899, np.ceil(longitudes * 10).astype(int) + 1799
    np.add.at(fine, (rows, columns), weights)
    window = slice(row - 200, row + 201), slice(column - 200, column + 201)
    blurred = np.zeros((1800, 3600))
    blurred[window] = gaussian_filter(fine[window], 40.0, mode="nearest", truncate=2.0)
    highest = np.unravel_index(np.argmax(blurred), blurred.shape)
    return int(highest[0]), int(highest[1])


def measure(*, quick: bool) -> Iterator[Section]:
    """Yield the estimation, step by step, over many photos' neighbours."""
    cases = neighbour_lists(3 if quick else 100)
    sphere, vo2017 = EstimationParameters(), EstimationParameters(estimator="vo2017")
    densities = [estimate_density(*case, sphere) for case in cases]
    summits = [climb_to_modes(density) for density in densities]

    def every(run: Callable[[int], object]) -> float:
        def all_of_them() -> None:
            for number in range(len(cases)):
                run(number)

        return 1e3 * seconds_of(all_of_them, for_s=0.0, least=1 if quick else 3) / len(cases)

    def density_of(number: int) -> Density:
        return estimate_density(*cases[number], sphere)

    steps: list[tuple[str, Callable[[int], object]]] = [
        ("sphere: density and its modes", lambda number: climb_to_modes(density_of(number))),
        ("sphere: levels", lambda number: answer_levels(densities[number], summits[number])),
        ("sphere: regions", lambda number: highest_density_regions(densities[number])),
        ("sphere: density, levels and regions", lambda number: estimate_from_arrays(*cases[number], sphere)),
        ("vo2017, this program: the position", lambda number: find_vo2017_position(densities[number])),
        (
            "vo2017, this program, with levels and regions",
            lambda number: estimate_from_arrays(*cases[number], vo2017),
        ),
    ]
    grid_ms = every(lambda number: released_grids(cases[number]))
    lines = [Line("vo2017, both grids whole: the position", grid_ms, "ms", 1.0)]
    for name, run in steps:
        taken = every(run)
        lines.append(Line(name, taken, "ms", grid_ms / taken))
    yield Section(
        f"Estimation from {NEIGHBOURS} neighbours",
        "speed, as a multiple of the released program's two grids worked out whole (scipy's separable filter)",
        tuple(lines),
    )
