"""The skyline of a place: hills and mountains seen in every direction, as angles above the horizon."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geolocdesk.geodesy import Position, destination
from geolocdesk.practice.climate import Climate
from geolocdesk.practice.relief import elevations_m, ruggedness

SAMPLES = 2880
"""Directions of a skyline: eight a degree, the first due north, clockwise."""

_EXAGGERATION = 2.6
_BEARINGS = 12


@dataclass(frozen=True, slots=True)
class Ridge:
    """One layer of the skyline."""

    profile_deg: NDArray[np.float32]
    """float32[SAMPLES]: height above the horizon in degrees."""
    distance_m: float
    forest: float
    """0 bare rock or sand to 1 wood."""
    snow_from_deg: float
    """Above this angle lies snow; a large number for none."""
    rough: bool
    """Sharp rock rather than rounded hills."""


def ridges_around(
    position: Position, climate: Climate, settlement: float, rng: np.random.Generator
) -> tuple[Ridge, ...]:
    """Return the skyline's layers, the farthest first."""
    far = _rise_deg(position, climate.elevation_m, 55)
    middle = _rise_deg(position, climate.elevation_m, 20)
    rugged = ruggedness(position)
    hilly = min(rugged + climate.elevation_m / 4000, 1.6)
    wooded = min(max((climate.moisture - 0.2) / 0.4, 0.0), 1.0) * (climate.warmest_month_c > 9)
    rough = bool(rugged > 0.8 or far.max() > 3.5)
    layers = (
        _Layer(0.25 + far + 2.6 * rugged**0.8, 30_000, 0.35 * wooded, rough, 4),
        _Layer(0.5 * middle + 0.3 + 1.9 * hilly, 9_000, 0.8 * wooded, rugged > 1.5, 6),
        _Layer(
            np.array(0.35 + 0.8 * wooded + 1.2 * hilly * rng.uniform(0.3, 1.2)),
            2_200,
            wooded * (1 - 0.4 * settlement),
            False,
            9,
        ),
    )
    return tuple(_ridge(layer, climate, rng) for layer in layers)


@dataclass(frozen=True, slots=True)
class _Layer:
    height_deg: NDArray[np.float64]
    distance_m: float
    forest: float
    rough: bool
    lumps: int
    """About how many hills stand around."""


def _ridge(layer: _Layer, climate: Climate, rng: np.random.Generator) -> Ridge:
    shape = _skyline(layer.lumps, 1.15 if layer.rough else 1.7, rng)
    if layer.rough:
        shape = 1.15 * (1 - np.abs(2 * shape - 1)) * 0.7 + 0.3 * shape
    profile = layer.height_deg * (0.25 + 1.1 * shape)
    # Snow lies from where the air is at 1 °C, 5.5 °C colder with every kilometre.
    above_place_m = max(1000 * (climate.month_mean_c - 1) / 5.5, 0.0)
    snow_from = math.degrees(math.atan(above_place_m / layer.distance_m)) * _EXAGGERATION
    skyline = profile.astype(np.float32)
    skyline.setflags(write=False)
    return Ridge(skyline, layer.distance_m, float(layer.forest), snow_from, layer.rough)


def _skyline(lumps: int, roughness: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return float64[SAMPLES] of 0 to 1 that closes in itself."""
    frequencies = np.arange(SAMPLES // 2 + 1, dtype=np.float64)
    strength = np.where(frequencies >= 1, np.maximum(frequencies, lumps) ** -roughness, 0.0)
    spectrum = strength * (rng.normal(size=frequencies.size) + 1j * rng.normal(size=frequencies.size))
    line = np.fft.irfft(spectrum, n=SAMPLES)
    skyline: NDArray[np.float64] = np.clip(0.5 + 0.22 * line / line.std(), 0.0, 1.0)
    return skyline


def _rise_deg(position: Position, own_height_m: float, distance_km: float) -> NDArray[np.float64]:
    """Return float64[SAMPLES]: how high the land rises above the place in each direction, in degrees."""
    bearings = np.linspace(0, 360, _BEARINGS + 1)
    heights_m = elevations_m(*destination(position.latitude, position.longitude, bearings, distance_km))
    above_m = np.maximum(heights_m - own_height_m, 0) + 0.12 * heights_m
    rises = np.degrees(np.arctan2(above_m, distance_km * 1000)) * _EXAGGERATION
    angles = np.linspace(0, 360, SAMPLES, endpoint=False)
    return np.interp(angles, bearings, rises)
