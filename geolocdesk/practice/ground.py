"""The ground in perspective: soil, grass, fields, the marked road and open water."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geolocdesk.practice.backdrop import Picture, mix
from geolocdesk.practice.camera import Camera, Floats
from geolocdesk.practice.look import Ground, Look, Rgb, Road, Shore, rgb
from geolocdesk.practice.noise import noise_texture, sample_texture

_FINE, _COARSE = 105, 106


@dataclass(frozen=True, slots=True)
class _Plan:
    """Pixels of the ground: where each lies, how much of it the pixel covers, and its noise.

    All arrays have one shape: float32[rows, width] for the whole ground, float32[n] for some of its pixels.
    """

    along: Floats
    across: Floats
    """Metres from the middle of the road, bends taken out."""
    pixel_along: Floats
    pixel_across: Floats
    grain: Floats
    """Fine noise about 0, weaker far away."""
    patches: Floats
    broad: Floats

    def at(self, pixels: NDArray[np.bool_]) -> "_Plan":
        """Return the plan of the chosen pixels alone."""
        return _Plan(
            self.along[pixels],
            self.across[pixels],
            self.pixel_along[pixels],
            self.pixel_across[pixels],
            self.grain[pixels],
            self.patches[pixels],
            self.broad[pixels],
        )


def _lay_out(look: Look, along: Floats, across: Floats, depth: Floats) -> _Plan:
    straightened = across - np.float32(look.road.bend_per_m) * along**2
    near = np.float32(1) / (1 + depth / np.float32(14))
    grain = sample_texture(noise_texture(_FINE, 512, 0.55), along * 38, straightened * 38) - np.float32(0.5)
    wide = noise_texture(_COARSE, 512, 1.25)
    return _Plan(
        along=along,
        across=straightened,
        pixel_along=_footprint(along),
        pixel_across=_footprint(straightened),
        grain=grain * (np.float32(0.25) + np.float32(0.9) * near),
        patches=sample_texture(wide, along * np.float32(2.1), straightened * np.float32(2.1)),
        broad=sample_texture(wide, along * np.float32(0.32) + 77, straightened * np.float32(0.32)),
    )


def _footprint(metres: Floats) -> Floats:
    """Return how many metres one pixel covers."""
    beside = np.abs(np.diff(metres, axis=1, append=metres[:, -1:]))
    ahead = np.abs(np.diff(metres, axis=0, append=metres[-1:, :]))
    footprint: Floats = np.maximum(beside + ahead, np.float32(1e-3))
    return footprint


def _stripe(offset: Floats, half_width: float, pixel: Floats) -> Floats:
    """Return the share of each pixel within ``half_width`` of the middle of a stripe."""
    upper = np.minimum(offset + pixel / 2, np.float32(half_width))
    lower = np.maximum(offset - pixel / 2, np.float32(-half_width))
    return np.clip((upper - lower) / pixel, 0, 1)


def draw_ground(picture: Picture, look: Look, camera: Camera, shadow: Floats) -> None:
    """Draw the ground below the horizon in place; ``shadow`` is float32[height, width], 1 where no sun falls."""
    first_row, depth, along, across = camera.ground_plan()
    plan = _lay_out(look, along, across, depth)
    area = _open_land(plan, look)
    _draw_road(area, plan, look.road, look.ground)
    _cover_with_snow(area, plan, look)
    shade = shadow[first_row:]
    clouds = np.clip((plan.broad - np.float32(0.5)) * 5, -0.5, 0.5) * np.float32(
        0.3 if look.sky.cloud_cover > 0.25 else 0
    )
    direct = (1 - np.float32(0.86) * shade) * (np.float32(0.78) - clouds)
    area *= look.sky.ambient * np.float32(0.78) + look.sky.sunlight * direct[..., None]
    _draw_water(area, plan, depth, look, camera)
    haze = 1 - np.exp(-depth / np.float32(look.sky.visibility_m * 0.55))
    mix(area, look.sky.horizon * np.float32(0.97), np.broadcast_to(haze, area.shape[:2]))
    picture[first_row:] = area


def _open_land(plan: _Plan, look: Look) -> Picture:
    ground = look.ground
    threshold = np.float32(1 - ground.grass_share)
    detail = plan.patches + plan.grain * np.float32(0.9)
    grassy = np.clip((detail - threshold) * np.float32(4.5) + np.float32(0.5), 0, 1)
    area: Picture = ground.soil + (ground.grass - ground.soil) * grassy[..., None]
    tint = (plan.broad - np.float32(0.5)) * np.float32(0.5)
    area *= (1 + tint + plan.grain * np.float32(0.75))[..., None]
    if ground.stones > 0.25:
        stones = sample_texture(noise_texture(_FINE, 512, 0.55), plan.along * 9, plan.across * 9)
        mix(area, area * np.float32(0.62), (stones > 0.72).astype(np.float32) * np.float32(ground.stones))
    _draw_fields(area, plan, look)
    return area


def _draw_fields(area: Picture, plan: _Plan, look: Look) -> None:
    ground = look.ground
    if ground.field == "none":
        return
    margin = look.road.half_width_m + look.road.shoulder_m + (4.0 if look.settlement < 0.5 else 45.0)
    inside = np.clip((np.abs(plan.across) - np.float32(margin)) / (plan.pixel_across + np.float32(0.4)), 0, 1)
    if ground.field == "rows":
        _draw_crop_rows(area, plan, ground, inside)
        return
    length, breadth = (34.0, 15.0) if ground.field == "paddy" else (90.0, 60.0)
    cell_along = np.floor(plan.along / np.float32(length) + np.float32(0.3)).astype(np.int32)
    cell_across = np.floor(plan.across / np.float32(breadth) + np.float32(0.4)).astype(np.int32)
    seed = np.int32(look.place.seed & 0xFFFF)
    chosen = ((cell_along * 73_856_093) ^ (cell_across * 19_349_663) ^ seed) >> 3
    palette = np.stack(ground.field_colours)
    colours = (
        palette[chosen % len(palette)]
        * (1 + plan.grain * np.float32(0.9) + (plan.patches - np.float32(0.5)) * np.float32(0.25))[..., None]
    )
    if ground.field == "paddy":
        flooded = (chosen % 5 == 0).astype(np.float32)
        mix(colours, look.sky.horizon * np.float32(0.78), flooded * np.float32(0.75))
        inner_along = _parcel_inside(plan.along, length, 0.3, plan.pixel_along)
        bank = np.minimum(inner_along, _parcel_inside(plan.across, breadth, 0.4, plan.pixel_across))
        mix(colours, ground.grass * np.float32(0.7), 1 - bank)
    mix(area, colours.astype(np.float32), inside)


def _parcel_inside(metres: Floats, size_m: float, start: float, pixel: Floats) -> Floats:
    """Return the share of each pixel that lies inside a parcel rather than on the bank round it."""
    offset = (np.mod(metres / np.float32(size_m) + np.float32(start), 1) - np.float32(0.5)) * np.float32(
        size_m
    )
    return _stripe(offset, size_m / 2 - 0.4, pixel)


def _draw_crop_rows(area: Picture, plan: _Plan, ground: Ground, inside: Floats) -> None:
    spacing = np.float32(1.1)
    offset = (np.mod(plan.across / spacing, 1) - np.float32(0.5)) * spacing
    blurred = np.clip(spacing / plan.pixel_across / 3, 0, 1)
    row = _stripe(offset, 0.32, plan.pixel_across) * blurred + np.float32(0.55) * (1 - blurred)
    soil, crop = ground.field_colours
    colours = soil + (crop * np.float32(0.9) - soil) * row[..., None]
    colours *= (1 + plan.grain)[..., None]
    mix(area, colours.astype(np.float32), inside)


def _draw_road(area: Picture, plan: _Plan, road: Road, ground: Ground) -> None:
    reach = road.half_width_m + max(road.pavement_m, road.shoulder_m, 1.2)
    pixels = np.abs(plan.across) < np.float32(reach) + plan.pixel_across
    part = area[pixels]
    if road.paved:
        _draw_paved_road(part, plan.at(pixels), road, ground)
    else:
        _draw_track(part, plan.at(pixels), road, ground)
    area[pixels] = part


def _draw_paved_road(area: Picture, plan: _Plan, road: Road, ground: Ground) -> None:
    half = road.half_width_m
    gravel = (ground.soil * np.float32(0.75) + np.float32(0.16)) * (1 + plan.grain * np.float32(1.3))[
        ..., None
    ]
    outer = half + (road.pavement_m or road.shoulder_m)
    if road.pavement_m:
        slabs = np.mod(plan.along, np.float32(1.5)) < np.maximum(plan.pixel_along, np.float32(0.05))
        gravel = (
            np.float32(0.60)
            * (1 + plan.grain * np.float32(0.5) - np.float32(0.12) * slabs)[..., None]
            * rgb(1.0, 0.985, 0.95)
        )
    mix(area, gravel.astype(np.float32), _stripe(plan.across, outer, plan.pixel_across))
    if road.pavement_m:
        mix(
            area,
            rgb(0.74, 0.73, 0.70),
            _stripe(np.abs(plan.across) - np.float32(half + 0.1), 0.12, plan.pixel_across),
        )
    worn = np.float32(1) + plan.grain * np.float32(0.55) + (plan.patches - np.float32(0.5)) * np.float32(0.22)
    tracks = np.abs(np.abs(plan.across) - np.float32(half / 2))
    worn -= np.float32(0.05) * np.clip(1 - np.abs(tracks - np.float32(0.75)) / np.float32(0.4), 0, 1)
    mix(area, road.surface * worn[..., None], _stripe(plan.across, half, plan.pixel_across))
    faded = np.clip(np.float32(0.86) + plan.grain * np.float32(1.1), 0, 1)
    if road.centre_line is not None:
        mix(area, road.centre_line, _centre_line(plan, road) * faded)
    if road.edge_line is not None:
        edge = _stripe(np.abs(plan.across) - np.float32(half - 0.28), 0.075, plan.pixel_across)
        mix(area, road.edge_line, edge * faded)


def _centre_line(plan: _Plan, road: Road) -> Floats:
    if not road.centre_dashed:
        return _stripe(np.abs(plan.across) - np.float32(0.14), 0.06, plan.pixel_across)
    dash, period = 3.0, 9.0
    offset = (np.mod(plan.along / np.float32(period), 1) - np.float32(0.5)) * np.float32(period)
    dashes = _stripe(offset, dash / 2, np.minimum(plan.pixel_along, np.float32(period)))
    return _stripe(plan.across, 0.08, plan.pixel_across) * dashes


def _draw_track(area: Picture, plan: _Plan, road: Road, ground: Ground) -> None:
    wobble = (plan.broad - np.float32(0.5)) * np.float32(1.2)
    offset = plan.across + wobble
    surface = (
        road.surface
        * (1 + plan.grain * np.float32(1.2) + (plan.patches - np.float32(0.5)) * np.float32(0.4))[..., None]
    )
    edge = np.clip(
        (np.float32(road.half_width_m) - np.abs(offset)) / (np.float32(0.5) + plan.pixel_across)
        + np.float32(0.5),
        0,
        1,
    )
    mix(area, surface.astype(np.float32), edge)
    ruts = np.clip(1 - np.abs(np.abs(offset) - np.float32(0.8)) / (np.float32(0.3) + plan.pixel_across), 0, 1)
    mix(area, road.surface * np.float32(1.12), ruts * np.float32(0.5))
    if ground.grass_share > 0.3:
        middle = _stripe(offset, 0.35, plan.pixel_across + np.float32(0.2))
        mix(area, ground.grass * np.float32(0.9), middle * np.clip(plan.patches * 2 - np.float32(0.5), 0, 1))


def _cover_with_snow(area: Picture, plan: _Plan, look: Look) -> None:
    snow = look.ground.snow
    if snow <= 0.02:
        return
    drift = plan.patches * np.float32(0.6) + plan.grain * np.float32(0.35)
    cover = np.clip((np.float32(snow * 1.25) - np.float32(0.25) - drift * np.float32(0.5)) * 5, 0, 1)
    driven = np.abs(np.abs(plan.across) - np.float32(look.road.half_width_m / 2))
    cleared = np.clip(1.25 - driven / np.float32(look.road.half_width_m * 0.42), 0, 1) * np.float32(0.75)
    white = rgb(0.90, 0.93, 0.97) * (1 + plan.grain * np.float32(0.25))[..., None]
    mix(area, white.astype(np.float32), (cover * (1 - cleared)).astype(np.float32))


def _draw_water(area: Picture, plan: _Plan, depth: Floats, look: Look, camera: Camera) -> None:
    shore = look.shore
    if shore is None:
        return
    towards = math.radians(shore.bearing_deg - camera.road_bearing_deg)
    bend = np.float32(look.road.bend_per_m) * plan.along**2
    seaward = plan.along * math.cos(towards) + (plan.across + bend) * math.sin(towards)
    out = np.asarray(seaward, dtype=np.float32)
    wobble = (plan.broad - np.float32(0.5)) * np.float32(26)
    beyond = out - np.float32(shore.distance_m) + wobble
    soft = np.float32(0.8) + _footprint(out) * np.float32(0.5)
    lit = look.sky.ambient * np.float32(0.78) + look.sky.sunlight * np.float32(0.8)
    beach = np.clip((beyond + np.float32(16)) / (np.float32(5) + soft), 0, 1)
    sand = shore.sand * lit * (1 + plan.grain * np.float32(0.8))[..., None]
    mix(area, sand.astype(np.float32), beach)
    waves = sample_texture(
        noise_texture(_COARSE, 512, 1.25), plan.along * np.float32(3.1), out * np.float32(11)
    )
    grazing = np.clip(depth / np.float32(500), 0, 1) ** np.float32(0.5)
    deep = _water_colour(shore, look, grazing) * (np.float32(0.82) + np.float32(0.36) * waves)[..., None]
    mix(area, np.clip(deep, 0, 1).astype(np.float32), np.clip(beyond / soft, 0, 1))
    foam = np.clip(1 - np.abs(beyond - np.float32(2.2)) / (np.float32(1.6) + soft), 0, 1) * (waves > 0.45)
    mix(area, rgb(0.94, 0.96, 0.97) * np.minimum(lit, 1), (foam * np.float32(0.75)).astype(np.float32))


def _water_colour(shore: Shore, look: Look, grazing: Floats) -> Picture:
    lit: Rgb = shore.water * (look.sky.ambient * np.float32(0.7) + look.sky.sunlight * np.float32(0.55))
    reflected = look.sky.horizon * np.float32(0.45) + look.sky.zenith * np.float32(0.5)
    return (lit + (reflected - lit) * (np.float32(0.18) + np.float32(0.5) * grazing)[..., None]).astype(
        np.float32
    )
