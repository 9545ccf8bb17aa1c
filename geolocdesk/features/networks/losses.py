"""What training makes small: classification over cells, and ranking or contrastive losses over pairs of photos."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def classification_loss(scores: "torch.Tensor", targets: "torch.Tensor") -> "torch.Tensor":
    """Return the mean cross-entropy of scores [n, c] against cells int64[n], or shares of cells [n, c]."""
    from torch.nn import functional

    return functional.cross_entropy(scores, targets)


def ranking_loss(
    anchors: "torch.Tensor", similar: "torch.Tensor", different: "torch.Tensor", margin: float
) -> "torch.Tensor":
    """Return the mean of max(0, margin + |a − s| − |a − d|) over rows of descriptors [n, D]: the triplet hinge."""
    near = _lengths(anchors - similar)
    far = _lengths(anchors - different)
    return (margin + near - far).clamp(min=0.0).mean()


def contrastive_loss(
    anchors: "torch.Tensor", similar: "torch.Tensor", different: "torch.Tensor", margin: float
) -> "torch.Tensor":
    """Return the mean of |a − s|² and max(0, margin − |a − d|)², halved (Hadsell, Chopra and LeCun, 2006)."""
    near = (anchors - similar).square().sum(dim=1)
    far = (margin - _lengths(anchors - different)).clamp(min=0.0).square()
    return (near + far).mean() / 2.0


def _lengths(differences: "torch.Tensor") -> "torch.Tensor":
    """Return the rows' lengths; a tiny number under the root keeps the slope of equal descriptors finite."""
    return (differences.square().sum(dim=1) + 1e-12).sqrt()
