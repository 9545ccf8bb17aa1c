"""Descriptors and positions of an imagined world of any size, made block by block and never held whole.

How they are made, so that a search meets what it meets among photos:

- **Spectrum.** Component i has variance i^-0.5, the power law of network features (about i^-1) after half whitening.
- **Hierarchy.** A descriptor is the sum of what its broad kind of scene (40), its kind of scene (400), its look
  (5,000), its region (300), its place and the photo itself look like, each a Gaussian with that spectrum; then it is
  scaled to unit length. Popular looks and regions are drawn by Zipf's law; a look has three regions it prefers. The
  shares are such that distances between neighbours are about as spread as between photos.
- **Places.** Photos a place follow a Pareto law from 1 to 200. How much two photos of one place share differs from
  place to place (a beta law with mean 0.20), so most neighbours are look-alikes and some are the same view.
- **Near duplicates.** Every fiftieth photo or so is the photo before it, re-encoded (distance about 0.05).
- **Queries.** Half are a new photo of a place that is in the set, half a photo of a place that is not. None of them
  is itself in the set.

Places lie together, as in a folder, and each block depends on the seed and its number alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK = 1 << 15
DIMENSION = 512

_BROAD_SCENES = 40
_SCENES = 400
_LOOKS = 5_000
_REGIONS = 300
_PREFERRED_REGIONS = 3
_SHARES = {"broad": 0.10, "scene": 0.08, "look": 0.07, "region": 0.05}
_DUPLICATES = 0.02
_DUPLICATE_DISTANCE = 0.05
_LARGEST_PLACE = 200
_REGION_RADIUS_DEG = 1.5
_PLACE_RADIUS_DEG = 0.002

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Block:
    """Some photos in a row: float32[n, D] of unit length, float64[n] and float64[n] degrees."""

    vectors: Floats
    latitudes: NDArray[np.float64]
    longitudes: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Places:
    vectors: Floats
    """What look, region and place add, float32[p, D], without the photo's own share."""
    own_share: Floats
    """Share of the variance that is left to each photo."""
    latitudes: NDArray[np.float64]
    longitudes: NDArray[np.float64]


class SyntheticWorld:
    """A world whose block number b is the same whenever and in whatever order it is asked for."""

    def __init__(self, seed: int = 0, dimension: int = DIMENSION) -> None:
        self._seed = seed
        self._dimension = dimension
        rng = np.random.default_rng([seed, 1])
        self._deviations = (np.arange(1, dimension + 1) ** -0.25).astype(np.float32)
        self._deviations /= np.sqrt(np.sum(self._deviations.astype(np.float64) ** 2)).astype(np.float32)
        self._pool = rng.standard_normal(2 * BLOCK * dimension, dtype=np.float32)
        broad = self._drawn(rng, _BROAD_SCENES) * _scale("broad")
        scenes = broad[rng.integers(0, _BROAD_SCENES, _SCENES)] + self._drawn(rng, _SCENES) * _scale("scene")
        self._looks = scenes[rng.integers(0, _SCENES, _LOOKS)] + self._drawn(rng, _LOOKS) * _scale("look")
        self._regions = self._drawn(rng, _REGIONS) * _scale("region")
        self._preferred = rng.integers(0, _REGIONS, (_LOOKS, _PREFERRED_REGIONS))
        self._region_latitudes = np.degrees(np.arcsin(rng.uniform(-0.6, 0.95, _REGIONS)))
        self._region_longitudes = rng.uniform(-180, 180, _REGIONS)
        self._look_weights = _zipf(_LOOKS, 0.7)
        self._region_weights = _zipf(_REGIONS, 0.7)

    def blocks(self, count: int) -> Iterator[Block]:
        """Yield the first ``count`` photos of the world."""
        for number in range(-(-count // BLOCK)):
            yield self.block(number, count)

    def block(self, number: int, count: int) -> Block:
        """Return block ``number`` of the first ``count`` photos; for any thread."""
        size = min(BLOCK, count - number * BLOCK)
        places, owner, rng = self._places_of(number)
        photos = self._photos(places, owner, rng)
        copies = np.flatnonzero((owner[1:] == owner[:-1]) & (rng.random(len(owner) - 1) < _DUPLICATES)) + 1
        noise = self._drawn(rng, len(copies)) * np.float32(_DUPLICATE_DISTANCE)
        copied = photos.vectors[copies - 1] + noise
        photos.vectors[copies] = copied / np.linalg.norm(copied, axis=1, keepdims=True)
        return Block(photos.vectors[:size], photos.latitudes[:size], photos.longitudes[:size])

    def vectors(self, count: int) -> Iterator[Floats]:
        """Yield only the descriptors of ``blocks``."""
        for block in self.blocks(count):
            yield block.vectors

    def positions(self, count: int) -> NDArray[np.float64]:
        """Return float64[count, 2], latitude and longitude in degrees, without making the descriptors."""
        parts = []
        for number in range(-(-count // BLOCK)):
            places, owner, rng = self._places_of(number)
            parts.append(np.column_stack(self._scattered(places, owner, rng)))
        return np.concatenate(parts)[:count]

    def queries(self, number: int, count: int, seed: int = 0) -> Block:
        """Return photos that are not in the world: the first half of places that are in its first ``count``."""
        rng = np.random.default_rng([self._seed, 3, seed])
        known = number // 2
        blocks = rng.integers(0, max(1, count // BLOCK), known)
        parts = []
        for block in np.unique(blocks):
            places, owner, _ = self._places_of(int(block))
            inside = owner[: min(BLOCK, count - int(block) * BLOCK)]
            chosen = rng.choice(inside, int(np.sum(blocks == block)))
            parts.append(self._photos(places, chosen, rng))
        strangers = self._drawn_places(rng, number - known)
        parts.append(self._photos(strangers, np.arange(number - known), rng))
        return Block(
            np.concatenate([part.vectors for part in parts]),
            np.concatenate([part.latitudes for part in parts]),
            np.concatenate([part.longitudes for part in parts]),
        )

    def _drawn(self, rng: np.random.Generator, count: int) -> Floats:
        drawn: Floats = rng.standard_normal((count, self._dimension), dtype=np.float32)
        drawn *= self._deviations
        return drawn

    def _own_looks(self, rng: np.random.Generator, count: int) -> Floats:
        """Return what ``_drawn`` would, out of a pool: signs drawn for the block keep its rows from repeating others."""
        start = int(rng.integers(0, len(self._pool) - count * self._dimension + 1))
        signs = np.where(rng.random(self._dimension) < 0.5, -1.0, 1.0).astype(np.float32)
        taken = self._pool[start : start + count * self._dimension].reshape(count, self._dimension)
        looks: Floats = taken * (signs * self._deviations)
        return looks

    def _drawn_places(self, rng: np.random.Generator, count: int) -> _Places:
        looks = rng.choice(_LOOKS, count, p=self._look_weights)
        regions = rng.choice(_REGIONS, count, p=self._region_weights)
        preferring = rng.random(count) < 0.5
        favourites = self._preferred[looks, rng.integers(0, _PREFERRED_REGIONS, count)]
        regions[preferring] = favourites[preferring]
        left = 1.0 - sum(_SHARES.values())
        place_share = (left * rng.beta(1.6, 4.0, count)).astype(np.float32)
        vectors = self._drawn(rng, count)
        vectors *= np.sqrt(place_share)[:, None]
        vectors += self._looks[looks]
        vectors += self._regions[regions]
        latitudes = self._region_latitudes[regions] + rng.normal(0, _REGION_RADIUS_DEG, count)
        longitudes = self._region_longitudes[regions] + rng.normal(0, _REGION_RADIUS_DEG, count)
        return _Places(vectors, (left - place_share).astype(np.float32), latitudes, longitudes)

    def _places_of(self, number: int) -> tuple[_Places, NDArray[np.int64], np.random.Generator]:
        """Return a block's places, the place of each of its photos, and the generator to go on with."""
        rng = np.random.Generator(np.random.SFC64([self._seed, 2, number]))  # the fastest one
        sizes = np.minimum(rng.pareto(1.1, BLOCK) + 1, _LARGEST_PLACE).astype(np.int64)
        used = int(np.searchsorted(np.cumsum(sizes), BLOCK)) + 1
        owner = np.repeat(np.arange(used), sizes[:used])[:BLOCK]
        return self._drawn_places(rng, used), owner, rng

    @staticmethod
    def _scattered(
        places: _Places, owner: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        offsets = rng.normal(0, _PLACE_RADIUS_DEG, (2, len(owner)))
        latitudes = np.clip(places.latitudes[owner] + offsets[0], -89.9, 89.9)
        longitudes = (places.longitudes[owner] + offsets[1] + 180.0) % 360.0 - 180.0
        return latitudes, longitudes

    def _photos(self, places: _Places, owner: NDArray[np.int64], rng: np.random.Generator) -> Block:
        latitudes, longitudes = self._scattered(places, owner, rng)
        vectors = self._own_looks(rng, len(owner))
        vectors *= np.sqrt(places.own_share[owner])[:, None]
        vectors += places.vectors[owner]
        vectors /= np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
        return Block(vectors, latitudes, longitudes)


def _scale(level: str) -> np.float32:
    return np.float32(np.sqrt(_SHARES[level]))


def _zipf(count: int, exponent: float) -> NDArray[np.float64]:
    weights = np.arange(1, count + 1) ** -exponent
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares
