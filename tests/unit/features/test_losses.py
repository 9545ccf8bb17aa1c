import numpy as np
import pytest
from numpy.typing import NDArray

from geolocdesk.features.networks.losses import classification_loss, contrastive_loss, ranking_loss


def random_rows(seed: int, count: int = 7) -> NDArray[np.float64]:
    rows = np.random.default_rng(seed).standard_normal((count, 5))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float64)


def test_classification_is_the_mean_negative_logarithm_of_the_right_cells_probability() -> None:
    import torch

    scores = np.random.default_rng(0).standard_normal((6, 4))
    cells = np.array([0, 1, 2, 3, 3, 0])
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    expected = -np.log(probabilities[np.arange(6), cells]).mean()
    found = classification_loss(torch.from_numpy(scores), torch.from_numpy(cells))
    assert float(found) == pytest.approx(expected)
    shares = np.random.default_rng(1).dirichlet(np.ones(4), 6)
    expected = -(shares * np.log(probabilities)).sum(axis=1).mean()
    assert float(classification_loss(torch.from_numpy(scores), torch.from_numpy(shares))) == pytest.approx(
        expected
    )


def test_ranking_is_torchs_own_triplet_loss() -> None:
    import torch

    rows = [torch.from_numpy(random_rows(seed)).requires_grad_() for seed in range(3)]
    mine = ranking_loss(rows[0], rows[1], rows[2], 0.3)
    torchs = torch.nn.TripletMarginLoss(margin=0.3, eps=0.0)(*rows)
    assert mine.item() == pytest.approx(torchs.item(), abs=1e-9)
    slopes = [torch.autograd.grad(loss, rows, retain_graph=True) for loss in (mine, torchs)]
    for one, other in zip(*slopes, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=1e-9)


def test_contrastive_is_the_formula_of_its_paper() -> None:
    import torch

    anchors, similar, different = (random_rows(seed) for seed in range(3))
    near = ((anchors - similar) ** 2).sum(axis=1)
    far = np.maximum(0.0, 1.2 - np.linalg.norm(anchors - different, axis=1)) ** 2
    given = [torch.from_numpy(rows) for rows in (anchors, similar, different)]
    found = contrastive_loss(given[0], given[1], given[2], 1.2)
    assert float(found) == pytest.approx((near + far).mean() / 2.0)


@pytest.mark.parametrize("loss", [ranking_loss, contrastive_loss])
def test_equal_descriptors_have_a_slope(loss: "object") -> None:
    import torch

    same = torch.ones((2, 3), requires_grad=True)
    assert callable(loss)
    loss(same, same.detach(), same.detach(), 0.5).backward()
    assert same.grad is not None
    assert torch.isfinite(same.grad).all()
