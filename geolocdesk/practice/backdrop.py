"""Everything behind the objects: sky, clouds and the skyline, as colours of 0 to 1."""

import math

import numpy as np
from numpy.typing import NDArray

from geolocdesk.practice.camera import Camera, Floats
from geolocdesk.practice.look import Look, Rgb, Sky, blend, rgb
from geolocdesk.practice.noise import noise_texture, sample_texture
from geolocdesk.practice.ridges import SAMPLES, Ridge

Picture = NDArray[np.float32]
"""float32[rows, columns, 3], 0 to 1."""


def mix(picture: Picture, colour: Picture | Rgb, share: Floats) -> None:
    """Blend a colour into the picture in place, by a share of 0 to 1 for each pixel."""
    picture += (colour - picture) * share[..., None]


def draw_sky(look: Look, camera: Camera) -> Picture:
    """Return the picture with nothing but sky, down to the last row."""
    sky = look.sky
    rows = camera.horizon_px - (np.arange(camera.height_px, dtype=np.float32) + 0.5)
    elevation = np.arctan(np.maximum(rows, 0) / np.float32(camera.focal_px)).astype(np.float32)
    rise = np.clip(elevation / np.float32(math.radians(42)), 0, 1) ** np.float32(0.55)
    gradient = sky.horizon + (sky.zenith - sky.horizon) * rise[:, None]
    picture = np.repeat(gradient[:, None, :], camera.width_px, axis=1).astype(np.float32)
    first_ground_row = min(max(int(camera.horizon_px) + 1, 1), camera.height_px)
    upper = picture[:first_ground_row]
    azimuth = np.radians(camera.column_azimuths_deg())
    _add_sun_glow(upper, sky, elevation[:first_ground_row], azimuth)
    _add_clouds(upper, sky, elevation[:first_ground_row], azimuth)
    return picture


def _add_sun_glow(picture: Picture, sky: Sky, elevation: Floats, azimuth: Floats) -> None:
    sun_height, sun_azimuth = math.radians(sky.sun_elevation_deg), math.radians(sky.sun_azimuth_deg)
    cosine = (
        np.sin(elevation)[:, None] * math.sin(sun_height)
        + np.cos(elevation)[:, None] * math.cos(sun_height) * np.cos(azimuth - sun_azimuth)[None, :]
    ).astype(np.float32)
    cosine = np.clip(cosine, 0, 1)
    strength = float(sky.sunlight.mean())
    squared = cosine * cosine
    eighth = squared * squared * squared * squared
    narrow = eighth * eighth * eighth * eighth
    glow = np.float32(0.55) * eighth * squared + np.float32(0.5) * (narrow * narrow * narrow * narrow)
    mix(picture, np.minimum(sky.sunlight / max(strength, 0.05), 1.0), np.clip(glow * strength, 0, 0.85))


def _add_clouds(picture: Picture, sky: Sky, elevation: Floats, azimuth: Floats) -> None:
    if sky.cloud_cover < 0.06:
        return
    reach = (1 / np.tan(elevation + np.float32(0.075)))[:, None]
    u = reach * np.sin(azimuth)[None, :] * np.float32(sky.cloud_scale) + np.float32(sky.cloud_shift)
    v = reach * np.cos(azimuth)[None, :] * np.float32(sky.cloud_scale) + np.float32(2 * sky.cloud_shift)
    texture = noise_texture(101, 1024, 1.75)
    thickness = sample_texture(texture, u, v)
    toward_sun = math.radians(sky.sun_azimuth_deg)
    step = 14.0
    lit = thickness - sample_texture(
        texture, u + step * math.sin(toward_sun), v + step * math.cos(toward_sun)
    )
    fine = sample_texture(noise_texture(102, 512, 1.1), u * np.float32(2.3), v * np.float32(2.3))
    cover = np.float32(1.02 - 0.86 * sky.cloud_cover)
    density = (thickness + (fine - np.float32(0.5)) * np.float32(0.22) - cover) / np.float32(
        sky.cloud_softness
    )
    density = np.clip(density, 0, 1)
    bright = sky.ambient * np.float32(0.95) + sky.sunlight * np.float32(0.62)
    dark = sky.ambient * np.float32(1.08) + sky.sunlight * np.float32(0.08)
    relief = np.clip(np.float32(0.82) + lit * np.float32(4.0) - density * np.float32(0.25), 0, 1)
    colour = np.clip(dark + (bright - dark) * relief[..., None], 0, 1)
    fade = np.clip(elevation / np.float32(0.16), 0, 1)[:, None]
    mix(picture, colour.astype(np.float32), density * (np.float32(0.25) + np.float32(0.72) * fade))


def draw_skyline(picture: Picture, look: Look, camera: Camera) -> None:
    """Draw the ridges onto the sky in place, the farthest first."""
    for order, ridge in enumerate(look.ridges):
        _draw_ridge(picture, ridge, order, look, camera)


def _draw_ridge(picture: Picture, ridge: Ridge, order: int, look: Look, camera: Camera) -> None:
    azimuth = camera.column_azimuths_deg()
    step = SAMPLES / 360
    angle = np.interp(azimuth * step, np.arange(SAMPLES), ridge.profile_deg, period=SAMPLES)
    right_of = np.interp((azimuth + 1.1) * step, np.arange(SAMPLES), ridge.profile_deg, period=SAMPLES)
    top = camera.horizon_px - np.tan(np.radians(angle)) * camera.focal_px
    last = min(int(camera.horizon_px) + 2, camera.height_px)
    first = max(int(top.min()) - 1, 0)
    if first >= last:
        return
    rows = np.arange(first, last, dtype=np.float32)[:, None]
    below = (rows - top[None, :].astype(np.float32)).astype(np.float32)
    band = picture[first:last]
    coverage = np.clip(below + np.float32(0.5), 0, 1)
    columns = azimuth[None, :] * np.float32(9.0)
    texture = noise_texture(103 if ridge.rough else 104, 512, 1.15 if ridge.rough else 0.9)
    grain = sample_texture(
        texture,
        columns * np.float32(1.5) + below * np.float32(0.35 if ridge.rough else 0),
        rows * np.float32(2.4),
    )
    wood = _wood_share(ridge, below, grain)
    colour = (
        _ridge_ground(look, ridge)[None, None, :] * (np.float32(0.72) + np.float32(0.56) * grain)[..., None]
    )
    mix(colour, look.foliage * np.float32(0.62), wood)
    height_deg = np.degrees(np.arctan((camera.horizon_px - rows) / camera.focal_px))
    snow = np.clip((height_deg - ridge.snow_from_deg + (grain - 0.5) * 1.6) / 0.25, 0, 1)
    mix(colour, np.array([0.93, 0.95, 0.98], dtype=np.float32), (snow * np.float32(0.92)).astype(np.float32))
    facing = _lit_by_sun(angle - right_of, azimuth, look.sky) + (grain - 0.5) * (1.1 if ridge.rough else 0.4)
    light = look.sky.ambient + look.sky.sunlight * np.clip(np.float32(0.42) + facing, 0.05, 1.0)[..., None]
    colour *= light.astype(np.float32)
    haze = 1 - math.exp(-ridge.distance_m / look.sky.visibility_m * (1.15 - 0.2 * order))
    colour += (look.sky.horizon * np.float32(0.96) - colour) * np.float32(min(haze, 0.93))
    mix(band, colour, coverage)


def _ridge_ground(look: Look, ridge: Ridge) -> Rgb:
    ground = look.ground
    rock = rgb(0.42, 0.39, 0.37)
    bare = ground.soil * np.float32(0.8) + rock * np.float32(0.12)
    share = np.float32(ground.grass_share * (0.45 if ridge.rough else 0.85))
    mixed: Rgb = bare + (ground.grass * np.float32(0.8) - bare) * share
    return blend(mixed, rgb(0.9, 0.92, 0.95), 0.8 * ground.snow)


def _wood_share(ridge: Ridge, below: Floats, grain: Floats) -> Floats:
    treeline = np.clip(below / (30 if ridge.rough else 1), 0, 1)
    wooded: Floats = np.clip((grain - np.float32(1 - ridge.forest)) * 5, 0, 1) * treeline
    return wooded


def _lit_by_sun(fall: NDArray[np.float64], azimuth: Floats, sky: Sky) -> Floats:
    """Return how much more light than level ground each column's slope gets, about −0.4 to 0.4."""
    beside = np.sin(np.radians(sky.sun_azimuth_deg - azimuth))
    behind_us = -np.cos(np.radians(sky.sun_azimuth_deg - azimuth))
    slope = np.clip(fall * 1.6, -1, 1)
    return np.asarray((0.42 * slope * beside + 0.16 * behind_us)[None, :], dtype=np.float32)
