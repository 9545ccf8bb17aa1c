"""Vectors out of feature maps: the poolings of the retrieval literature, in torch.

A feature map is [n, channels, height, width]; a transformer's is [n, tokens, channels], of which the first few are
no patches; one that the network has pooled itself is [n, channels].
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from geolocdesk.errors import ModelError
from geolocdesk.features.architecture import Pooling

if TYPE_CHECKING:
    import torch

    Pool = Callable[[torch.Tensor], torch.Tensor]
    """From one feature map to float[n, length]."""

TENSORS_PREFIX = "pooling."
"""Before the names of a pooling's own weights in a model's file."""

NETVLAD_TENSORS = ("netvlad.centroids", "netvlad.assignment", "netvlad.bias")
"""[K, channels], [K, channels] and [K]: where the clusters lie, and what assigns a position to them."""

_LEAST_GEM = 1e-6
"""Values below this count as this before they are raised, as in the code of Radenović, Tolias and Chum (2018)."""

_LEAST_LENGTH = 1e-12


def pooler(
    part: Pooling, tensors: "Mapping[str, torch.Tensor]", *, prefix_tokens: int, channels: int
) -> "Pool":
    """Return what computes a pooling; ``tensors`` are the model's, by the names of ``NETVLAD_TENSORS``.

    ``prefix_tokens`` is how many tokens of a transformer's map come before its patches. Raises ModelError where
    the pooling's weights are missing or of another shape.
    """
    if part.statistic == "cls":
        return lambda values: _class_token(values, prefix_tokens)
    if part.statistic == "own":
        return _already_pooled
    pool = _of_positions(part, tensors, channels)
    return lambda values: pool(_positions(values, prefix_tokens))


def every_position(prefix_tokens: int) -> "Pool":
    """Return what gives every position's own vector, [n, positions, channels], in place of a pooling."""
    return lambda values: _positions(values, prefix_tokens).flatten(2).transpose(1, 2)


def _of_positions(part: Pooling, tensors: "Mapping[str, torch.Tensor]", channels: int) -> "Pool":
    match part.statistic:
        case "mean":
            return lambda values: values.mean(dim=(2, 3))
        case "std":
            return lambda values: values.std(dim=(2, 3), correction=0)
        case "gem":
            return lambda values: generalised_mean(values, part.parameter or 1.0)
        case "rmac":
            return lambda values: regional_maxima(values, int(part.parameter or 1))
        case "netvlad":
            centroids, assignment, bias = _netvlad_tensors(tensors, int(part.parameter or 1), channels)
            return lambda values: netvlad(values, centroids, assignment, bias)
        case _:
            return lambda values: values.amax(dim=(2, 3))


def generalised_mean(values: "torch.Tensor", exponent: float) -> "torch.Tensor":
    """Return (mean of v^p)^(1/p) over the positions, values below 1e-6 raised to it first (GeM).

    Worked out relative to the greatest value, so that no exponent overflows.
    """
    positive = values.clamp(min=_LEAST_GEM)
    greatest = positive.amax(dim=(2, 3), keepdim=True)
    shares = (positive / greatest).pow(exponent).mean(dim=(2, 3)).pow(1.0 / exponent)
    return shares * greatest[:, :, 0, 0]


def regional_maxima(values: "torch.Tensor", scales: int) -> "torch.Tensor":
    """Return the sum of the unit vectors of the maxima in every region (R-MAC).

    Tolias, Sicre and Jégou (2016): at scale l, square regions of side 2·min(w, h)/(l + 1), spread evenly over the
    map, l along its short side.
    """
    total = values.new_zeros(values.shape[:2])
    for top, left, side in rmac_regions(values.shape[2], values.shape[3], scales):
        maxima = values[:, :, top : top + side, left : left + side].amax(dim=(2, 3))
        total = total + _unit(maxima, dim=1)
    return total


def rmac_regions(height: int, width: int, scales: int) -> Iterator[tuple[int, int, int]]:
    """Yield the top, the left and the side of every region of R-MAC on a map of this size."""
    short = min(height, width)
    more = _more_along_the_long_side(height, width)
    for scale in range(1, scales + 1):
        side = 2 * short // (scale + 1)
        if side == 0:
            return
        down = scale + (more if height > width else 0)
        across = scale + (more if width > height else 0)
        for top in _spread(height - side, down):
            for left in _spread(width - side, across):
                yield top, left, side


def _more_along_the_long_side(height: int, width: int) -> int:
    """Return how many more regions lie along the long side, for neighbours to overlap by about 40 %."""
    short, long = min(height, width), max(height, width)
    if short == long:
        return 0
    return min(range(1, 7), key=lambda more: abs((short - (long - short) / more) / short - 0.4))


def _spread(room: int, count: int) -> list[int]:
    return [room * index // max(1, count - 1) for index in range(count)]


def netvlad(
    values: "torch.Tensor", centroids: "torch.Tensor", assignment: "torch.Tensor", bias: "torch.Tensor"
) -> "torch.Tensor":
    """Return the residuals to every centroid, summed with soft assignment: float[n, K · channels], cluster by cluster.

    Arandjelović et al. (2016): every position is brought to unit length first, then every cluster's sum, and
    then the whole.
    """
    import torch

    positions = _unit(values.flatten(2), dim=1)
    shares = torch.softmax(assignment @ positions + bias[:, None], dim=1)
    residuals = shares @ positions.transpose(1, 2) - shares.sum(dim=2)[..., None] * centroids
    return _unit(_unit(residuals, dim=2).flatten(1), dim=1)


def _unit(values: "torch.Tensor", dim: int) -> "torch.Tensor":
    import torch

    lengths: torch.Tensor = torch.linalg.vector_norm(values, dim=dim, keepdim=True)
    return values / lengths.clamp(min=_LEAST_LENGTH)


def _positions(values: "torch.Tensor", prefix_tokens: int) -> "torch.Tensor":
    """Return a map as [n, channels, height, width]; tokens that do not fill a square stand in one row."""
    if values.ndim == 4:
        return values
    if values.ndim != 3:
        message = "The network has pooled this feature map itself; choose the pooling “own” for it."
        raise ModelError(message)
    patches = values[:, prefix_tokens:].transpose(1, 2)
    side = math.isqrt(patches.shape[2])
    shape = (side, side) if side * side == patches.shape[2] else (1, patches.shape[2])
    return patches.reshape(*patches.shape[:2], *shape)


def _class_token(values: "torch.Tensor", prefix_tokens: int) -> "torch.Tensor":
    if values.ndim != 3 or prefix_tokens == 0:
        message = "This feature map has no class token; choose another pooling than “cls”."
        raise ModelError(message)
    return values[:, 0]


def _already_pooled(values: "torch.Tensor") -> "torch.Tensor":
    if values.ndim != 2:
        message = "The network does not pool this feature map itself; choose another pooling than “own”."
        raise ModelError(message)
    return values


def _netvlad_tensors(
    tensors: "Mapping[str, torch.Tensor]", clusters: int, channels: int
) -> "tuple[torch.Tensor, torch.Tensor, torch.Tensor]":
    shapes = ((clusters, channels), (clusters, channels), (clusters,))
    found = [tensors.get(TENSORS_PREFIX + name) for name in NETVLAD_TENSORS]
    if any(
        tensor is None or tuple(tensor.shape) != shape for tensor, shape in zip(found, shapes, strict=True)
    ):
        message = (
            f"The model's NetVLAD layer is missing, or not one of {clusters} clusters of {channels} numbers."
        )
        raise ModelError(message)
    centroids, assignment, bias = (tensor for tensor in found if tensor is not None)
    return centroids, assignment, bias
