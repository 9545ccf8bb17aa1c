"""How near two descriptors must be for their photos to be copies of one."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

COPY_SHARE = 0.4
"""Photos whose descriptors are nearer than this share of the distance between unrelated ones are copies."""

LOOK_SHARE = 0.7
"""Up to this share two photos may still be copies, cropped or shrunk; their small pictures decide."""

SEED = 2017
_PAIRS = 4096


def copy_distance(count: int, vectors: Callable[[NDArray[np.int64]], NDArray[np.float32]]) -> float:
    """Return the descriptor distance up to which two of ``count`` photos are taken for copies of one.

    ``vectors`` returns the descriptors of some rows. It is a share of the median distance between photos drawn
    at random, so that it fits any extractor, with or without a projection. 0 where there are fewer than two.
    """
    if count < 2:
        return 0.0
    generator = np.random.default_rng(SEED)
    pairs = generator.integers(0, count, (_PAIRS, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    rows, places = np.unique(pairs, return_inverse=True)
    sample = vectors(rows).astype(np.float64)
    places = places.reshape(pairs.shape)
    difference = sample[places[:, 0]] - sample[places[:, 1]]
    return COPY_SHARE * float(np.median(np.linalg.norm(difference, axis=1)))
