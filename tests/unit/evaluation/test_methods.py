"""Methods by which a query is located."""

import numpy as np
import pytest

from geolocdesk.errors import UsageError
from geolocdesk.estimation.estimate import estimate_location
from geolocdesk.estimation.location import LEVELS, EstimationParameters
from geolocdesk.evaluation.methods import (
    LONDON,
    METHODS,
    NAMES,
    Seen,
    best_constant,
    check_methods,
    methods_of,
)
from geolocdesk.features.class_heads import ClassHead, ClassHeads, refine
from geolocdesk.geodesy import Position, great_circle_km
from geolocdesk.reference.neighbours import Neighbour, Neighbours, ReferencePhoto

NORTH_AND_SOUTH = np.array([[0.0, 90.0, -180.0, 180.0], [-90.0, 0.0, -180.0, 180.0]])
QUARTERS = np.array(
    [
        [0.0, 90.0, -180.0, 0.0],
        [0.0, 90.0, 0.0, 180.0],
        [-90.0, 0.0, -180.0, 0.0],
        [-90.0, 0.0, 0.0, 180.0],
    ]
)


def seen() -> Seen:
    """Return one look-alike far away in front of a crowd of slightly less alike photos in one region."""
    generator = np.random.default_rng(0)
    crowd = 60
    latitudes = [-33.9, *(45.0 + generator.normal(0, 1.0, crowd))]
    longitudes = [151.2, *(10.0 + generator.normal(0, 1.0, crowd))]
    distances = [0.80, *np.sort(generator.uniform(0.82, 0.9, crowd))]
    items = tuple(
        Neighbour(rank, float(distance), ReferencePhoto(rank, f"r{rank}", Position(latitude, longitude), "x"))
        for rank, (latitude, longitude, distance) in enumerate(
            zip(latitudes, longitudes, distances, strict=True), start=1
        )
    )
    return Seen(Neighbours(items, "pack"), np.array([1.0, 0.0], np.float32), Position(1.0, 2.0))


def heads() -> ClassHeads:
    """Return two heads over descriptors of two numbers: the first number says north, the second west."""
    made = []
    for bounds in (NORTH_AND_SOUTH, QUARTERS):
        weight = np.stack([bounds[:, 0] >= 0, bounds[:, 2] < 0], axis=1).astype(np.float32) * 4
        made.append(
            ClassHead(bounds, np.ones(len(bounds), np.int64), weight, np.zeros(len(bounds), np.float32))
        )
    cells = np.array([[0, 0], [0, 1], [1, 2], [1, 3]])
    return ClassHeads(tuple(made), refine((NORTH_AND_SOUTH, QUARTERS), cells))


def far_from(position: Position, latitude: float, longitude: float) -> float:
    return float(great_circle_km(position.latitude, position.longitude, latitude, longitude))


@pytest.mark.parametrize("name", METHODS)
def test_every_method_answers_every_level(name: str) -> None:
    assert len(METHODS[name](seen()).positions) == len(LEVELS)


def test_what_looks_at_no_image() -> None:
    assert set(METHODS["london"](seen()).positions) == {LONDON}
    assert set(METHODS["random"](seen()).positions) == {Position(1.0, 2.0)}


def test_nearest_follows_the_look_alike_and_the_density_the_crowd() -> None:
    assert far_from(METHODS["nearest"](seen()).positions[0], -33.9, 151.2) < 0.001
    for name in ("knn-1", "knn-4", "knn-16", "vo2017"):
        assert far_from(METHODS[name](seen()).positions[0], 45.0, 10.0) < 200.0, name


def test_levels_may_differ_and_bring_their_shares() -> None:
    answers = METHODS["levels"](seen())
    assert far_from(answers.positions[-1], 45.0, 10.0) < 2500.0
    assert answers.estimate is not None
    assert [answer.position for answer in answers.estimate.levels] == list(answers.positions)


def test_the_best_constant_is_where_most_references_are() -> None:
    random = np.random.default_rng(1)
    crowd = np.column_stack([random.normal(45, 2, 700), random.normal(10, 2, 700)])
    town = np.tile([-33.9, 151.2], (300, 1))
    answers = best_constant(np.concatenate([crowd, town]), seed=1)(seen()).positions
    assert far_from(answers[0], -33.9, 151.2) < 1.0
    assert far_from(answers[-1], 45.0, 10.0) < 1500.0


def test_classes_answer_the_middle_of_the_most_probable_cell() -> None:
    methods = methods_of(["classes"], heads(), np.zeros((1, 2)), 1)
    assert list(methods) == ["classes-2", "classes-4", "classes"]
    north = seen()
    assert methods["classes-2"](north).positions[0] == Position(45.0, 0.0)
    south_west = Seen(north.neighbours, np.array([-1.0, 1.0], np.float32), north.any_reference)
    for name in ("classes-4", "classes"):
        assert methods[name](south_west).positions[0] == Position(-45.0, -90.0), name


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("fused", EstimationParameters(estimator="fused", bandwidth_deg=1.0)),
        ("class-levels", EstimationParameters(estimator="classes")),
    ],
)
def test_what_asks_the_classes_answers_as_the_estimator_at_each_level(
    name: str, parameters: EstimationParameters
) -> None:
    answers = methods_of([name], heads(), np.zeros((1, 2)), 1)[name](seen())
    estimate = estimate_location(seen().neighbours, parameters, vector=seen().vector, heads=heads())
    assert answers.positions == tuple(answer.position for answer in estimate.levels)
    assert answers.estimate is not None
    assert answers.estimate.parameters == parameters
    assert answers.estimate.regions == ()


def test_one_head_is_named_by_its_cells() -> None:
    assert list(methods_of(["classes-4", "nearest"], heads(), np.zeros((1, 2)), 1)) == [
        "classes-4",
        "nearest",
    ]
    with pytest.raises(UsageError, match="classes-2, classes-4"):
        methods_of(["classes-9"], heads(), np.zeros((1, 2)), 1)


def test_a_model_without_classes_has_the_other_methods() -> None:
    found = methods_of(NAMES, None, np.zeros((3, 2)), 1)
    assert list(found) == [
        name for name in NAMES if name not in {"classes", "class-levels", "fused", "geoclip"}
    ]
    with_softmax = methods_of(NAMES, None, np.zeros((3, 2)), 1, softmax_scale=39.7)
    assert list(with_softmax) == [name for name in NAMES if name not in {"classes", "class-levels", "fused"}]


def test_methods_are_chosen_by_name_in_the_order_asked() -> None:
    assert check_methods("nearest, london,classes-359") == ("nearest", "london", "classes-359")
    assert check_methods(None) == NAMES


@pytest.mark.parametrize("names", ["", " , ", "nearest,magic", "classes-"])
def test_unknown_methods_are_refused_with_the_choice(names: str) -> None:
    with pytest.raises(UsageError, match="choose from london"):
        check_methods(names)
