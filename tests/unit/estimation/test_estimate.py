from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geolocdesk.errors import UsageError
from geolocdesk.estimation.estimate import density_behind, estimate_from_arrays, estimate_location
from geolocdesk.estimation.location import LEVELS, EstimationParameters, LocationEstimate
from geolocdesk.geodesy import Position, great_circle_km
from geolocdesk.reference.neighbours import Neighbour, Neighbours, ReferencePhoto

LATITUDES, LONGITUDES = np.array([48.0, 48.5, -33.0]), np.array([11.0, 11.5, 151.0])
DISTANCES = np.array([0.7, 0.72, 0.71])


def estimate(parameters: EstimationParameters, count: int = 3) -> LocationEstimate:
    return estimate_from_arrays(LATITUDES[:count], LONGITUDES[:count], DISTANCES[:count], parameters)


def found_neighbours() -> Neighbours:
    items = tuple(
        Neighbour(rank, distance, ReferencePhoto(rank, f"r{rank}", Position(latitude, longitude), "f.jpg"))
        for rank, (latitude, longitude, distance) in enumerate(
            zip(LATITUDES.tolist(), LONGITUDES.tolist(), DISTANCES.tolist(), strict=True), start=1
        )
    )
    return Neighbours(items, "pack")


def test_neighbours_and_arrays_give_the_same() -> None:
    from_neighbours = estimate_location(found_neighbours(), EstimationParameters())
    from_arrays = estimate(EstimationParameters())
    assert from_neighbours.position == from_arrays.position
    assert from_neighbours.levels == from_arrays.levels
    assert from_neighbours.modes == from_arrays.modes


@pytest.mark.parametrize("parameters", [EstimationParameters(), EstimationParameters("vo2017", 2, 3.0, 2.0)])
def test_the_density_behind_an_estimate_has_its_peak_there(parameters: EstimationParameters) -> None:
    found = estimate_location(found_neighbours(), parameters)
    density = density_behind(found_neighbours(), found)
    peak = found.modes[0]
    height = float(density.evaluate(peak.position.latitude, peak.position.longitude))
    assert height == pytest.approx(peak.density_per_km2, rel=1e-9)


def test_the_sphere_answers_its_highest_mode() -> None:
    found = estimate(EstimationParameters())
    assert found.position == found.modes[0].position
    assert float(great_circle_km(found.position.latitude, found.position.longitude, 48.2, 11.2)) < 40.0
    assert [answer.level for answer in found.levels] == list(LEVELS)
    assert [region.mass for region in found.regions] == [0.5, 0.9]
    assert found.weights.sum() == pytest.approx(1.0)
    assert not found.weights.flags.writeable


def test_nearest_answers_its_first_neighbour_with_the_spheres_mass_round_it() -> None:
    nearest = estimate(EstimationParameters(estimator="nearest"))
    sphere = estimate(EstimationParameters())
    assert nearest.position == Position(48.0, 11.0)
    assert all(answer.position == nearest.position for answer in nearest.levels)
    probabilities = [answer.probability for answer in nearest.levels]
    assert probabilities == sorted(probabilities)
    for here, best in zip(nearest.levels, sphere.levels, strict=True):
        assert 0.0 < here.probability <= best.probability + 1e-6
    assert nearest.modes == sphere.modes


def test_one_neighbour_is_enough() -> None:
    found = estimate(EstimationParameters(), count=1)
    assert found.position.latitude == pytest.approx(48.0, abs=1e-9)
    assert len(found.modes) == 1


def test_levels_and_regions_can_be_left_out() -> None:
    found = estimate_from_arrays(
        LATITUDES, LONGITUDES, DISTANCES, EstimationParameters(), with_regions=False, with_levels=False
    )
    assert (found.levels, found.regions) == ((), ())
    assert found.position == estimate(EstimationParameters()).position


def test_only_the_first_k_count() -> None:
    assert estimate(EstimationParameters(neighbours=1)).position.latitude == pytest.approx(48.0, abs=1e-9)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        (EstimationParameters(neighbours=0), "at least 1"),
        (EstimationParameters(exponent=-1.0), "0 or more"),
        (EstimationParameters(exponent=float("nan")), "0 or more"),
        (EstimationParameters(exponent=float("inf")), "0 or more"),
        (EstimationParameters(bandwidth_deg=0.0), "up to 180"),
        (EstimationParameters(bandwidth_deg=180.1), "up to 180"),
        (EstimationParameters(bandwidth_deg=float("nan")), "up to 180"),
        (EstimationParameters(estimator="classes"), "classes"),
    ],
)
def test_senseless_parameters_are_refused_in_a_sentence(
    parameters: EstimationParameters, sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        estimate(parameters)


def test_no_neighbour_at_all_is_refused() -> None:
    with pytest.raises(UsageError, match="No reference is left"):
        estimate(EstimationParameters(), count=0)


def test_the_same_neighbours_give_the_same_estimate_bit_for_bit() -> None:
    once, again = estimate(EstimationParameters()), estimate(EstimationParameters())
    assert (once.position, once.levels, once.modes) == (again.position, again.levels, again.modes)
    for first, second in zip(once.regions, again.regions, strict=True):
        assert first.area_km2 == second.area_km2
        for part, other in zip(first.parts, second.parts, strict=True):
            assert (part.exterior == other.exterior).all()


places = st.tuples(
    st.one_of(st.floats(-90.0, 90.0), st.sampled_from([-90.0, 90.0, 0.0])),
    st.one_of(st.floats(-180.0, 180.0), st.sampled_from([-180.0, 180.0, 0.0])),
    st.floats(0.0, 2.0),
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(places, min_size=1, max_size=8),
    st.floats(0.0, 50.0),
    st.one_of(st.floats(0.001, 180.0), st.sampled_from([0.001, 4.0, 180.0])),
)
def test_any_neighbours_give_a_complete_estimate(
    neighbours: list[tuple[float, float, float]], exponent: float, bandwidth_deg: float
) -> None:
    neighbours = sorted(neighbours, key=lambda place: place[2])
    latitudes, longitudes, distances = np.array(neighbours).T
    parameters = replace(EstimationParameters(), exponent=exponent, bandwidth_deg=bandwidth_deg)
    found = estimate_from_arrays(latitudes, longitudes, distances, parameters)
    probabilities = [answer.probability for answer in found.levels]
    assert probabilities == sorted(probabilities)
    assert probabilities[0] >= 0.0
    assert probabilities[-1] <= 1.0
    half, most = found.regions
    assert 0.0 < half.area_km2 < most.area_km2
    assert all(np.isfinite(part.exterior).all() for region in found.regions for part in region.parts)
