"""A NetVLAD layer begun from sample photos, as its authors begin it before any training."""

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import ModelError
from geolocdesk.features.descriptor import unit_rows
from geolocdesk.features.networks import NETVLAD_TENSORS, TENSORS_PREFIX

FloatArray = NDArray[np.float32]

POSITIONS_A_PHOTO = 100
"""Drawn from each photo's feature map, as in the public code."""

_ITERATIONS = 30
_SEED = 2017
_RATIO = 100.0
"""How much more the nearest cluster gets than the second nearest, on average, of a position's share."""


def begin_netvlad(positions: FloatArray, clusters: int) -> dict[str, FloatArray]:
    """Return a layer's weights by the names a model stores them under, from positions float32[n, channels].

    Centroids by k-means of the unit-length positions; assignment by α times the unit-length centroids, with α such
    that the two nearest clusters' shares differ a hundredfold on average (Arandjelović et al. 2016, as in the
    public PyTorch code). The same positions give the same layer. Raises ModelError where there are too few.
    """
    units = unit_rows(positions)
    centroids = cluster(units, clusters)
    directions = unit_rows(centroids)
    closeness = np.sort(units @ directions.T, axis=1)
    gap = float(np.mean(closeness[:, -1] - closeness[:, -2])) if clusters > 1 else 1.0
    if not gap > 0.0:
        message = (
            "The sample photos do not tell the clusters of NetVLAD apart; name more, and more varied, photos."
        )
        raise ModelError(message)
    sharpness = np.float32(np.log(_RATIO) / gap)
    values = (centroids, sharpness * directions, np.zeros(clusters, np.float32))
    return {TENSORS_PREFIX + name: value for name, value in zip(NETVLAD_TENSORS, values, strict=True)}


def drawn_positions(maps: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return float32[n · at most 100, channels], drawn from each photo's positions float32[n, positions, channels]."""
    count = min(POSITIONS_A_PHOTO, maps.shape[1])
    chosen = [generator.choice(maps.shape[1], count, replace=False) for _ in maps]
    return np.concatenate([one[rows] for one, rows in zip(maps, chosen, strict=True)])


def seeded() -> np.random.Generator:
    """Return the generator that draws the positions, the same every time."""
    return np.random.default_rng(_SEED)


def cluster(points: FloatArray, clusters: int) -> FloatArray:
    """Return the centroids float32[clusters, channels] of k-means, begun at points drawn by a fixed seed.

    An empty cluster moves to the point that lies farthest from its own. Raises ModelError with fewer points than
    clusters.
    """
    if len(points) < clusters:
        message = f"{len(points)} positions are too few for {clusters} clusters; name more sample photos."
        raise ModelError(message)
    centroids = points[seeded().choice(len(points), clusters, replace=False)].astype(np.float64)
    for _ in range(_ITERATIONS):
        squared = (centroids**2).sum(axis=1) - 2.0 * (points @ centroids.T.astype(np.float32))
        nearest = squared.argmin(axis=1)
        counts = np.bincount(nearest, minlength=clusters)
        sums = np.zeros_like(centroids)
        np.add.at(sums, nearest, points)
        moved = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centroids)
        for empty in np.flatnonzero(counts == 0):
            farthest = int(squared[np.arange(len(points)), nearest].argmax())
            moved[empty] = points[farthest]
            squared[farthest] = -np.inf
        if np.array_equal(moved, centroids):
            break
        centroids = moved
    return centroids.astype(np.float32)
