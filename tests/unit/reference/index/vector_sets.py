"""Descriptors for these tests, and what brute force finds among them."""

import numpy as np
from numpy.typing import NDArray


def unit_vectors(count: int, dimension: int = 32, seed: int = 0) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def brute_force(
    vectors: NDArray[np.float32], query: NDArray[np.float32], allowed: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    distances = np.linalg.norm(vectors.astype(np.float64) - query.astype(np.float64), axis=1)
    order = np.lexsort((np.arange(len(vectors)), distances))
    if allowed is not None:
        order = order[allowed[order]]
    return order, distances[order]
