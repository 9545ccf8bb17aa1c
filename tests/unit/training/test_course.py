"""What a training draws and how fast it learns: rates, orders, targets, triplets."""

from pathlib import Path

import numpy as np
import pytest

from geolocdesk.errors import UsageError
from geolocdesk.geodesy import great_circle_km
from geolocdesk.training.partition import PartitionRule, partition_earth
from geolocdesk.training.plan import TrainingPlan
from geolocdesk.training.schedule import rate_at
from geolocdesk.training.targets import CellTargets, check_classes, epoch_order, showing_chances
from geolocdesk.training.triplets import Likeness, draw_triplets, epoch_triplets

GENERATOR = np.random.default_rng(5)
POSITIONS = np.column_stack([GENERATOR.uniform(-60, 60, 200), GENERATOR.uniform(-180, 180, 200)])
CELLS = partition_earth(POSITIONS, PartitionRule(30))


def test_the_rate_rises_evenly_and_falls_as_torchs_cosine() -> None:
    import torch

    plan = TrainingPlan(rate=0.5, warm_up=0.2, schedule="cosine")
    rates = [rate_at(step, 50, plan) for step in range(50)]
    np.testing.assert_allclose(rates[:10], 0.05 * np.arange(1, 11))
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([parameter], lr=0.5)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 40)
    for rate in rates[10:]:
        assert rate == pytest.approx(optimiser.param_groups[0]["lr"])
        optimiser.step()
        cosine.step()


def test_steps_divide_the_rate_by_ten_and_constant_leaves_it() -> None:
    stepped = TrainingPlan(rate=1.0, warm_up=0.0, schedule="step")
    rates = [rate_at(step, 100, stepped) for step in (0, 49, 50, 75, 90, 99)]
    np.testing.assert_allclose(rates, [1, 1, 0.1, 0.01, 0.001, 0.001])
    constant = TrainingPlan(rate=1.0, warm_up=0.0, schedule="constant")
    assert rate_at(99, 100, constant) == 1.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"loss": "hinge"},
        {"epochs": 0},
        {"rate": float("nan")},
        {"dropout": 1.0},
        {"augmentation": ("tilt",)},
        {"views": 3},
        {"views": 0},
        {"keep": 1.0, "widths": ()},
        {"loss": "ranking", "widths": ()},
        {"similar_km": 50.0},
    ],
)
def test_a_senseless_plan_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        TrainingPlan(**wrong)  # type: ignore[arg-type]  # that is the point


def test_targets_are_the_cells_or_shares_that_fall_with_distance() -> None:
    photos = np.arange(20)
    hard = CellTargets(CELLS, POSITIONS, 0.0).of(photos)
    assert hard.tolist() == CELLS.cells_of(POSITIONS[photos]).tolist()
    soft = CellTargets(CELLS, POSITIONS, 800.0).of(photos)
    np.testing.assert_allclose(soft.sum(axis=1), 1.0, rtol=1e-5)
    middles = CELLS.centres()
    for photo, shares in zip(photos.tolist(), soft, strict=True):
        apart = great_circle_km(POSITIONS[photo, 0], POSITIONS[photo, 1], middles[:, 0], middles[:, 1])
        own = apart[hard[photo]]
        expected = np.exp(-np.maximum(apart - own, 0.0) / 800.0)
        np.testing.assert_allclose(shares, expected / expected.sum(), rtol=1e-4, atol=1e-7)


def test_cells_without_photos_are_counted_and_one_cell_is_refused() -> None:
    cells = CELLS.cells_of(POSITIONS[:10])
    assert check_classes(CELLS, cells, "x") == len(CELLS) - len(set(cells.tolist()))
    with pytest.raises(UsageError, match="one cell of x"):
        check_classes(CELLS, cells[:1], "x")


def test_balance_shows_each_cell_equally_often() -> None:
    cells = CELLS.cells_of(POSITIONS)
    assert showing_chances([cells], 0.0) is None
    chances = showing_chances([cells], 1.0)
    assert chances is not None
    per_cell = np.bincount(cells, chances, len(CELLS))
    np.testing.assert_allclose(per_cell[per_cell > 0], 1.0 / len(set(cells.tolist())))


def test_an_epoch_shows_each_photo_once_in_an_order_of_its_own() -> None:
    photos = np.arange(10, 60)
    orders = [epoch_order(photos, None, seed=1, epoch=epoch).tolist() for epoch in (0, 0, 1)]
    assert sorted(orders[0]) == photos.tolist()
    assert orders[0] == orders[1] != orders[2]


def brute_force(likeness: Likeness, one: int, other: int) -> tuple[bool, bool]:
    if likeness.cells is not None:
        same = likeness.cells[one] == likeness.cells[other]
        return bool(same and one != other), bool(not same)
    positions = likeness.positions
    apart = great_circle_km(*positions[one], *positions[other])
    return bool(apart <= likeness.similar_km and one != other), bool(apart > likeness.different_km)


@pytest.mark.parametrize("by_class", [False, True])
def test_triplets_are_of_a_similar_and_a_different_photo(by_class: bool) -> None:
    positions = np.repeat(POSITIONS[:60], 3, axis=0)
    likeness = Likeness(positions, CELLS.cells_of(positions) if by_class else None, 1.0, 500.0)
    photos = np.arange(0, 180, 2)
    descriptors = GENERATOR.standard_normal((len(photos), 8)).astype(np.float32)
    triplets = draw_triplets(photos, descriptors, likeness, mined=0, seed=2, epoch=1)
    assert len(set(triplets.anchors.tolist())) == len(triplets) > 30
    for anchor, similar, different in zip(
        triplets.anchors.tolist(), triplets.similar.tolist(), triplets.different.tolist(), strict=True
    ):
        assert brute_force(likeness, anchor, similar)[0]
        assert brute_force(likeness, anchor, different)[1]


def test_the_different_photo_is_mined_from_the_nearest() -> None:
    positions = np.repeat(POSITIONS[:40], 2, axis=0)
    likeness = Likeness(positions, None, 1.0, 100.0)
    photos = np.arange(80)
    descriptors = GENERATOR.standard_normal((80, 8)).astype(np.float32)
    triplets = draw_triplets(photos, descriptors, likeness, mined=3, seed=2, epoch=1)
    assert len(triplets) == 80
    for anchor, different in zip(triplets.anchors.tolist(), triplets.different.tolist(), strict=True):
        others = [other for other in range(80) if brute_force(likeness, anchor, other)[1]]
        nearer = [
            other
            for other in others
            if descriptors[anchor] @ descriptors[other] > descriptors[anchor] @ descriptors[different]
        ]
        assert len(nearer) < 3


def test_nothing_similar_is_said() -> None:
    likeness = Likeness(POSITIONS, None, 0.0, 25.0)
    with pytest.raises(UsageError, match="No photo has both"):
        draw_triplets(np.arange(9), np.ones((9, 2), np.float32), likeness, mined=0, seed=0, epoch=0)


def test_an_epochs_triplets_are_drawn_once(tmp_path: Path) -> None:
    positions = np.repeat(POSITIONS[:20], 2, axis=0)
    likeness = Likeness(positions, None, 1.0, 100.0)
    photos, descriptors = np.arange(40), GENERATOR.standard_normal((40, 4)).astype(np.float32)
    drawn = [
        epoch_triplets(
            tmp_path / "triplets.npz",
            epoch,
            lambda seed=seed: draw_triplets(photos, descriptors, likeness, mined=5, seed=seed, epoch=0),  # type: ignore[misc]
        )
        for epoch, seed in ((0, 1), (0, 2), (1, 2))
    ]
    assert drawn[0].different.tolist() == drawn[1].different.tolist() != drawn[2].different.tolist()
