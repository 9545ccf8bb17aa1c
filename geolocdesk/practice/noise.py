"""Smooth randomness: periodic textures, and fields that vary slowly over the Earth."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from geolocdesk.geodesy import EARTH_RADIUS_KM, Position, unit_vectors

Texture = NDArray[np.float32]

_WAVES = 24


@cache
def noise_texture(seed: int, size: int, roughness: float) -> Texture:
    """Return float32[size, size] in 0 to 1 that tiles without a seam.

    ``roughness`` is the exponent of the falling spectrum: 0.6 is sand, 1.8 is clouds.
    """
    rng = np.random.default_rng(seed)
    frequencies = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.rfftfreq(size), indexing="ij"))
    frequencies[0, 0] = 1.0
    shape = frequencies.shape
    spectrum = (rng.normal(size=shape) + 1j * rng.normal(size=shape)) * frequencies**-roughness
    spectrum[0, 0] = 0
    waves = np.fft.irfft2(spectrum, s=(size, size))
    texture: Texture = np.clip(0.5 + 0.2 * waves / waves.std(), 0, 1).astype(np.float32)
    texture.setflags(write=False)
    return texture


def sample_texture(texture: Texture, u: NDArray[np.float32], v: NDArray[np.float32]) -> Texture:
    """Return the texture's value at every (u, v), in texels, nearest texel, wrapped round."""
    mask = texture.shape[0] - 1
    return np.asarray(texture[v.astype(np.int32) & mask, u.astype(np.int32) & mask])


def sphere_field(position: Position, scale_km: float, seed: int, channels: int) -> NDArray[np.float64]:
    """Return float64[channels], about standard normal, that changes over some ``scale_km`` on the ground."""
    directions, phases = _waves(seed, channels)
    point = unit_vectors(position.latitude, position.longitude)
    angles = directions @ point * (EARTH_RADIUS_KM / scale_km) + phases
    field: NDArray[np.float64] = np.cos(angles).sum(axis=1) * np.sqrt(2 / _WAVES)
    return field


@cache
def _waves(seed: int, channels: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(channels, _WAVES, 3)), rng.uniform(0, 2 * np.pi, size=(channels, _WAVES))
