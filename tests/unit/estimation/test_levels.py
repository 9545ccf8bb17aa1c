"""Each level's disc against brute force: no sampled disc holds noticeably more."""

import numpy as np
import pytest

from geolocdesk.estimation.density import Density
from geolocdesk.estimation.disc_mass import masses_within
from geolocdesk.estimation.levels import answer_levels
from geolocdesk.estimation.location import LEVELS, Level, LevelAnswer
from geolocdesk.estimation.modes import climb_to_modes
from geolocdesk.geodesy import EARTH_RADIUS_KM, great_circle_km, unit_vectors
from tests.unit.estimation.configurations import Floats, density_of, random_density

RADII_KM = tuple(level.radius_km for level in LEVELS)


def levels_of(density: Density) -> tuple[LevelAnswer, ...]:
    return answer_levels(density, climb_to_modes(density))


def distance_km(answer: LevelAnswer, latitude: float, longitude: float) -> float:
    return float(great_circle_km(answer.position.latitude, answer.position.longitude, latitude, longitude))


def unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1)[:, None], dtype=np.float64)


def best_masses_found_by_sampling(density: Density, random: np.random.Generator) -> Floats:
    """Return, for each level, the most mass in any of many discs: everywhere, near, and round the best."""
    scales = (*(radius / EARTH_RADIUS_KM for radius in RADII_KM[2:]), density.bandwidth_rad)
    near = [
        density.sources[random.integers(0, len(density.weights), 1500)]
        + scale * random.normal(size=(1500, 3))
        for scale in scales
    ]
    points = unit(np.concatenate([random.normal(size=(4000, 3)), density.sources, *near]))
    masses = masses_within(density, points, RADII_KM)
    found = []
    for number, radius_km in enumerate(RADII_KM):
        best, most = points[np.argmax(masses[:, number])], float(masses[:, number].max())
        scale = max(density.bandwidth_rad, radius_km / EARTH_RADIUS_KM)
        for halving in range(6):
            around = unit(best + scale * 0.5**halving * random.normal(size=(150, 3)))
            there = masses_within(density, around, RADII_KM)[:, number]
            if there.max() > most:
                best, most = around[np.argmax(there)], float(there.max())
        found.append(most)
    return np.array(found)


@pytest.mark.parametrize("seed", range(40))
def test_no_sampled_disc_holds_noticeably_more(seed: int) -> None:
    random = np.random.default_rng(seed)
    density = random_density(random, bandwidths_deg=(0.5, 1.0, 4.0, 16.0, 60.0, 180.0))
    answers = levels_of(density)
    found = np.array([answer.probability for answer in answers])
    assert (best_masses_found_by_sampling(density, random) <= found + 1e-3).all()


@pytest.mark.parametrize("seed", range(30))
def test_probabilities_are_masses_that_rise_with_the_radius(seed: int) -> None:
    density = random_density(np.random.default_rng(500 + seed))
    answers = levels_of(density)
    probabilities = np.array([answer.probability for answer in answers])
    assert (probabilities >= 0.0).all()
    assert (probabilities <= 1.0).all()
    assert (np.diff(probabilities) >= 0.0).all()
    for number, answer in enumerate(answers):
        there = unit_vectors(answer.position.latitude, answer.position.longitude)[None, :]
        assert masses_within(density, there, RADII_KM)[0, number] == pytest.approx(
            answer.probability, abs=2e-6
        )


def test_one_neighbour_is_the_answer_at_every_level() -> None:
    for answer in levels_of(density_of((-89.9, 12.0))):
        assert distance_km(answer, -89.9, 12.0) < 1e-3


def test_a_small_radius_answers_the_sharp_place_and_a_large_one_the_crowd() -> None:
    positions = [(50.0, 0.0), (20.0, 100.0), (26.0, 106.0), (20.0, 112.0), (14.0, 106.0)]
    answers = levels_of(density_of(*positions, distances=[0.7, 0.75, 0.75, 0.75, 0.75], bandwidth_deg=1.0))
    assert distance_km(answers[0], 50.0, 0.0) < 1.0
    assert distance_km(answers[4], 20.0, 106.0) < 700.0
    assert answers[4].probability > 0.6


def test_a_disc_covers_two_clusters_that_no_disc_round_either_covers() -> None:
    density = density_of((0.0, 0.0), (0.0, 12.0), bandwidth_deg=0.2)
    country = levels_of(density)[3]
    assert country.level.name == "country"
    assert country.probability > 0.99
    assert 660.0 < distance_km(country, 0.0, 0.0) < 680.0


def test_levels_come_back_in_the_order_asked_for() -> None:
    density = density_of((0.0, 0.0), (3.0, 3.0))
    levels = (Level("wide", 3000.0), Level("narrow", 5.0), Level("middle", 300.0))
    answers = answer_levels(density, climb_to_modes(density), levels)
    assert tuple(answer.level for answer in answers) == levels
    assert answers[0].probability > answers[2].probability > answers[1].probability


def test_equally_good_discs_stay_with_the_peak() -> None:
    density = density_of(*[(35.0, 139.0)] * 20, bandwidth_deg=0.1)
    for answer in levels_of(density):
        assert distance_km(answer, 35.0, 139.0) < 0.1
