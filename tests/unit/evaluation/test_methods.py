"""Methods by which a query is located."""

import numpy as np
import pytest

from geolocdesk.errors import UsageError
from geolocdesk.estimation.location import LEVELS
from geolocdesk.evaluation.methods import LONDON, METHODS, Retrieved, chosen_methods
from geolocdesk.geodesy import Position, great_circle_km


def retrieved() -> Retrieved:
    """Return one look-alike far away in front of a crowd of slightly less alike photos in one region."""
    generator = np.random.default_rng(0)
    crowd = 60
    return Retrieved(
        latitudes=np.array([-33.9, *(45.0 + generator.normal(0, 1.0, crowd))]),
        longitudes=np.array([151.2, *(10.0 + generator.normal(0, 1.0, crowd))]),
        distances=np.array([0.80, *np.sort(generator.uniform(0.82, 0.9, crowd))]),
    )


def far_from(position: Position, latitude: float, longitude: float) -> float:
    return float(great_circle_km(position.latitude, position.longitude, latitude, longitude))


@pytest.mark.parametrize("name", METHODS)
def test_every_method_answers_every_level(name: str) -> None:
    assert len(METHODS[name](retrieved())) == len(LEVELS)


def test_london_looks_at_nothing() -> None:
    assert set(METHODS["london"](retrieved())) == {LONDON}


def test_nearest_follows_the_look_alike_and_the_density_the_crowd() -> None:
    assert far_from(METHODS["nearest"](retrieved())[0], -33.9, 151.2) < 0.001
    for name in ("knn-1", "knn-4", "knn-16", "vo2017"):
        assert far_from(METHODS[name](retrieved())[0], 45.0, 10.0) < 200.0, name


def test_levels_may_differ_from_level_to_level() -> None:
    answers = METHODS["levels"](retrieved())
    assert far_from(answers[-1], 45.0, 10.0) < 2500.0


def test_methods_are_chosen_by_name_in_the_order_asked() -> None:
    assert list(chosen_methods("nearest, london")) == ["nearest", "london"]
    assert list(chosen_methods(None)) == list(METHODS)


@pytest.mark.parametrize("names", ["", " , ", "nearest,magic"])
def test_unknown_methods_are_refused_with_the_choice(names: str) -> None:
    with pytest.raises(UsageError, match="choose from london"):
        chosen_methods(names)
