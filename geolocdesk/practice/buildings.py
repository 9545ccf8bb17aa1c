"""Houses of every region: walls with windows, and roofs from flat to pagoda."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from geolocdesk.practice.camera import Point
from geolocdesk.practice.look import Rgb, rgb
from geolocdesk.practice.regions import HouseForm
from geolocdesk.practice.solids import Drafter, Fill, footprint, outward, sides

STOREY_M = 2.9
_DETAIL_TO_M = 75.0
_TEXTURE_TO_M = 26.0
_PARTS_OF_A_ROUND = 16


@dataclass(frozen=True, slots=True)
class House:
    """One building on the plan."""

    form: HouseForm
    along: float
    across: float
    length_m: float
    """Along its own ridge."""
    breadth_m: float
    yaw_rad: float
    storeys: int
    wall: Rgb
    roof: Rgb
    trim: Rgb
    pitch: float
    siding: str
    seed: int
    snow: float

    @property
    def wall_height_m(self) -> float:
        """Return the height of the eaves above the floor."""
        return {"hut": 2.0, "yurt": 1.7}.get(self.form, self.storeys * STOREY_M)

    @property
    def floor_m(self) -> float:
        """Return how high the floor stands on its posts."""
        return 2.1 if self.form == "stilt" else 0.0

    @property
    def height_m(self) -> float:
        """Return the height of the ridge."""
        rise = 0.0 if self.form in {"flat", "block"} else self.pitch * self.breadth_m / 2
        return self.floor_m + self.wall_height_m + rise


def draw_house(drafter: Drafter, house: House) -> None:
    """Draw one building."""
    if house.form in {"hut", "yurt"}:
        _draw_round_house(drafter, house)
        return
    corners = footprint((house.along, house.across), (house.length_m, house.breadth_m), house.yaw_rad)
    if house.form == "stilt":
        for corner in corners:
            drafter.line([(*corner, 0.0), (*corner, house.floor_m)], house.trim * np.float32(0.6), 0.22)
    if house.form in {"flat", "block"}:
        _draw_rooftop(drafter, house)
    _ROOFS[house.form](drafter, house, True)
    _draw_walls(drafter, house, corners)
    _ROOFS[house.form](drafter, house, False)


def _draw_walls(drafter: Drafter, house: House, corners: list[tuple[float, float]]) -> None:
    low, high = house.floor_m, house.floor_m + house.wall_height_m
    for order, (first, second) in enumerate(sides(corners)):
        normal = outward(first, second)
        drawn = drafter.face(
            [(*first, low), (*second, low), (*second, high), (*first, high)], house.wall, normal
        )
        if drawn:
            _draw_siding(drafter, house, first, second, normal)
            _draw_openings(drafter, house, first, second, normal, door=order == 1)


def _draw_siding(
    drafter: Drafter, house: House, first: tuple[float, float], second: tuple[float, float], normal: Point
) -> None:
    middle = ((first[0] + second[0]) / 2, (first[1] + second[1]) / 2)
    if house.siding == "plain" or drafter.depth(*middle) > _TEXTURE_TO_M:
        return
    step = 0.24 if house.siding == "planks" else 0.17
    darker = drafter.light.colour(house.wall * np.float32(0.84), normal, drafter.depth(*middle))
    for height in np.arange(house.floor_m + step, house.floor_m + house.wall_height_m, step):
        outline = drafter.camera.segment((*first, float(height)), (*second, float(height)))
        if outline is not None:
            drafter.pen.line(outline, fill=darker, width=1)


def _draw_openings(
    drafter: Drafter,
    house: House,
    first: tuple[float, float],
    second: tuple[float, float],
    normal: Point,
    *,
    door: bool,
) -> None:
    length = math.hypot(second[0] - first[0], second[1] - first[1])
    depth = drafter.depth((first[0] + second[0]) / 2, (first[1] + second[1]) / 2)
    if depth > 2.2 * _DETAIL_TO_M:
        return
    spacing = 2.3 if house.form == "block" else 3.0
    count = max(1, int(length / spacing))
    width, height = (1.25, 1.35) if house.form == "block" else (0.95, 1.25)
    if house.form == "dome":
        width, height = 0.6, 1.0
    wall = _Wall(first, second, length, normal)
    glass = drafter.light.fill(_glass(drafter, normal), depth)
    trim = drafter.light.colour(house.trim, normal, depth)
    for storey in range(house.storeys):
        sill = house.floor_m + storey * STOREY_M + 0.95
        for order in range(count):
            middle = length * (order + 0.5) / count
            if door and storey == 0 and order == count // 2:
                _fill(drafter, wall, (middle - 0.55, middle + 0.55, house.floor_m, house.floor_m + 2.1), trim)
                continue
            if depth < _DETAIL_TO_M:
                _fill(
                    drafter,
                    wall,
                    (middle - width / 2 - 0.12, middle + width / 2 + 0.12, sill - 0.12, sill + height + 0.1),
                    trim,
                )
            _fill(drafter, wall, (middle - width / 2, middle + width / 2, sill, sill + height), glass)
            if depth < 32:
                _fill(drafter, wall, (middle - 0.03, middle + 0.03, sill, sill + height), trim)
        if house.form == "block" and storey and depth < _DETAIL_TO_M and house.seed % 2:
            _draw_balconies(drafter, house, wall, length, storey)


def _draw_balconies(drafter: Drafter, house: House, wall: "_Wall", length: float, storey: int) -> None:
    base = house.floor_m + storey * STOREY_M
    colour = drafter.light.colour(
        house.roof * np.float32(0.5) + house.wall * np.float32(0.5), wall.normal, drafter.depth(*wall.first)
    )
    for middle in np.arange(length * 0.25, length, length * 0.5):
        _fill(drafter, wall, (float(middle) - 1.3, float(middle) + 1.3, base - 0.1, base + 0.95), colour)


@dataclass(frozen=True, slots=True)
class _Wall:
    first: tuple[float, float]
    second: tuple[float, float]
    length: float
    normal: Point

    def corner(self, run: float, height: float) -> Point:
        """Return a point of the wall, a hand in front of it."""
        share = run / self.length
        along = self.first[0] + (self.second[0] - self.first[0]) * share + 0.03 * self.normal[0]
        across = self.first[1] + (self.second[1] - self.first[1]) * share + 0.03 * self.normal[1]
        return along, across, height


def _fill(drafter: Drafter, wall: _Wall, area: tuple[float, float, float, float], fill: Fill) -> None:
    left, right, low, high = area
    corners = [
        wall.corner(left, low),
        wall.corner(right, low),
        wall.corner(right, high),
        wall.corner(left, high),
    ]
    outline = drafter.camera.outline(corners)
    if outline is not None:
        drafter.pen.polygon(outline, fill=fill)


def _glass(drafter: Drafter, normal: Point) -> Rgb:
    sky = drafter.light.sky
    mirrored: Rgb = (sky.zenith * np.float32(0.24) + rgb(0.10, 0.12, 0.14)).astype(np.float32)
    return mirrored * np.float32(0.8 + 0.4 * max(normal[0], 0.0))


def _draw_gable_roof(drafter: Drafter, house: House, underside: bool) -> None:
    eaves, ridge = house.floor_m + house.wall_height_m, house.height_m
    _pitched(drafter, house, eaves, ridge, underside=underside, ridge_inset=0.0)


def _draw_hip_roof(drafter: Drafter, house: House, underside: bool) -> None:
    eaves, ridge = house.floor_m + house.wall_height_m, house.height_m
    _pitched(
        drafter,
        house,
        eaves,
        ridge,
        underside=underside,
        ridge_inset=min(house.breadth_m, house.length_m) * 0.42,
    )


def _draw_pagoda_roof(drafter: Drafter, house: House, underside: bool) -> None:
    """Draw a hip roof with wide eaves and a heavy ridge that turns up at both ends."""
    eaves = house.floor_m + house.wall_height_m
    ridge = eaves + max(house.pitch, 0.75) * house.breadth_m / 2
    inset = house.breadth_m * 0.2
    if underside:
        _pitched(drafter, house, eaves, ridge, underside=True, ridge_inset=inset, overhang=0.9)
        return
    half, middle = house.length_m / 2 - inset, (house.along, house.across)
    points: list[Point] = []
    for run, lift in ((-half - 0.25, 0.55), (-half + 0.3, 0.15), (half - 0.3, 0.15), (half + 0.25, 0.55)):
        along = middle[0] + run * math.cos(house.yaw_rad)
        points.append((along, middle[1] + run * math.sin(house.yaw_rad), ridge + lift))
    drafter.line(points, house.roof * np.float32(0.7), 0.32)
    _pitched(drafter, house, eaves, ridge, underside=False, ridge_inset=inset, overhang=0.9)


def _pitched(
    drafter: Drafter,
    house: House,
    eaves: float,
    ridge: float,
    *,
    underside: bool,
    ridge_inset: float,
    overhang: float = 0.45,
) -> None:
    """Draw a roof with a ridge; with ``underside`` only what is seen of it from below, which walls then hide."""
    size = (house.length_m + 2 * overhang, house.breadth_m + 2 * overhang)
    corners = footprint((house.along, house.across), size, house.yaw_rad)
    inset = ridge_inset + (overhang if ridge_inset else 0.0)
    ends = footprint((house.along, house.across), (size[0] - 2 * inset, 0.0), house.yaw_rad)
    front, back = (*ends[0], ridge), (*ends[2], ridge)
    low = eaves - 0.1
    cover = _roof_cover(house)
    # corners run clockwise: 0-1 is the front end, 1-2 one long side, 2-3 the back end, 3-0 the other side
    planes = [
        _plane(corners[1], corners[2], low, [back, front], size[1] / 2),
        _plane(corners[3], corners[0], low, [front, back], size[1] / 2),
    ]
    if ridge_inset:
        planes.append(_plane(corners[0], corners[1], low, [front], inset))
        planes.append(_plane(corners[2], corners[3], low, [back], inset))
    if underside:
        for outline, normal in planes:
            if not drafter.looks_here(outline[0], normal):
                drafter.face(outline, cover * np.float32(0.55), normal, double_sided=True)
        return
    gables = () if ridge_inset else ((0, 1, front), (2, 3, back))
    meeting = low + overhang * (ridge - low) / (size[1] / 2)
    for start, stop, _ in gables:
        _draw_gable(
            drafter, house, (start, stop), (eaves, meeting, ridge), outward(corners[start], corners[stop])
        )
    for outline, normal in planes:
        if drafter.face(outline, cover, normal):
            _draw_tile_rows(drafter, outline, cover, normal)
    for start, stop, tip in gables:
        if drafter.looks_here(tip, outward(corners[start], corners[stop])):
            rake: list[Point] = [(*corners[start], low), tip, (*corners[stop], low)]
            drafter.line(rake, house.trim * np.float32(0.9), 0.16)


def _plane(
    start: tuple[float, float], stop: tuple[float, float], low: float, top: list[Point], run: float
) -> tuple[list[Point], Point]:
    """Return a roof plane's outline, eaves first, and its unit normal; ``run`` is its level depth."""
    level = outward(start, stop)
    slope = math.atan2(top[0][2] - low, run)
    normal = (level[0] * math.sin(slope), level[1] * math.sin(slope), math.cos(slope))
    return [(*start, low), (*stop, low), *top], normal


def _draw_gable(
    drafter: Drafter, house: House, ends: tuple[int, int], levels: tuple[float, float, float], normal: Point
) -> None:
    """Draw the wall under the roof's end; ``levels`` are the eaves, where the roof meets the wall, the ridge."""
    wall = footprint((house.along, house.across), (house.length_m, house.breadth_m), house.yaw_rad)
    first, second = wall[ends[0]], wall[ends[1]]
    eaves, meeting, ridge = levels
    peak = ((first[0] + second[0]) / 2, (first[1] + second[1]) / 2, ridge)
    outline: list[Point] = [(*first, eaves), (*second, eaves), (*second, meeting), peak, (*first, meeting)]
    drafter.face(outline, house.wall * np.float32(0.97), normal)


def _draw_tile_rows(drafter: Drafter, outline: list[Point], cover: Rgb, normal: Point) -> None:
    start, stop, top_stop, top_start = outline[0], outline[1], outline[2], outline[-1]
    depth = drafter.depth(start[0], start[1])
    if depth > _TEXTURE_TO_M * 1.4:
        return
    colour = drafter.light.colour(cover * np.float32(0.86), normal, depth)
    for share in np.linspace(0.1, 0.9, 9):
        line = drafter.camera.segment(
            _between(start, top_start, float(share)), _between(stop, top_stop, float(share))
        )
        if line is not None:
            drafter.pen.line(line, fill=colour, width=1)


def _between(first: Point, second: Point, share: float) -> Point:
    return (
        first[0] + (second[0] - first[0]) * share,
        first[1] + (second[1] - first[1]) * share,
        first[2] + (second[2] - first[2]) * share,
    )


def _roof_cover(house: House) -> Rgb:
    white = rgb(0.92, 0.94, 0.97)
    covered: Rgb = (house.roof + (white - house.roof) * np.float32(min(house.snow * 1.1, 0.92))).astype(
        np.float32
    )
    return covered


def _draw_flat_roof(drafter: Drafter, house: House, underside: bool) -> None:
    if underside:
        return
    top = house.wall_height_m + house.floor_m
    size = (house.length_m + 0.3, house.breadth_m + 0.3)
    centre = (house.along, house.across)
    drafter.box(centre, size, house.yaw_rad, (top - 0.12, top + 0.5), house.wall * np.float32(0.93))


def _draw_rooftop(drafter: Drafter, house: House) -> None:
    """Draw what stands on a flat roof; the walls drawn next hide the part behind the parapet."""
    top = house.wall_height_m + house.floor_m
    if house.seed % 3 == 0:
        tank = (house.along + house.length_m * 0.2, house.across + house.breadth_m * 0.15)
        drafter.box(tank, (1.3, 1.3), house.yaw_rad, (top + 0.5, top + 1.9), rgb(0.16, 0.17, 0.20))
    if house.seed % 4 == 1:
        stair = (house.along - house.length_m * 0.2, house.across)
        drafter.box(stair, (2.8, 2.6), house.yaw_rad, (top + 0.5, top + 2.6), house.wall)


def _draw_dome_roof(drafter: Drafter, house: House, underside: bool) -> None:
    if underside:
        return
    _draw_flat_roof(drafter, house, underside)
    top = house.wall_height_m + house.floor_m + 0.4
    radius = min(house.length_m, house.breadth_m) * 0.34
    rings = [
        (radius * math.cos(angle), top + radius * 1.05 * math.sin(angle)) for angle in np.linspace(0, 1.45, 6)
    ]
    for (low_r, low_h), (high_r, high_h) in pairwise(rings):
        _ring(drafter, house, (low_r, low_h), (high_r, high_h), house.roof)


def _draw_round_house(drafter: Drafter, house: House) -> None:
    if drafter.depth(house.along, house.across) < house.length_m + 1.5:
        return
    radius, eaves = house.length_m / 2, house.wall_height_m
    _ring(drafter, house, (radius, 0.0), (radius, eaves), house.wall)
    if house.form == "yurt":
        _ring(drafter, house, (radius * 1.01, eaves * 0.72), (radius * 1.01, eaves * 0.86), house.trim)
        _ring(drafter, house, (radius * 1.05, eaves), (radius * 0.25, eaves + 1.15), _roof_cover(house))
        _ring(drafter, house, (radius * 0.25, eaves + 1.15), (radius * 0.02, eaves + 1.3), house.trim)
    else:
        _ring(
            drafter,
            house,
            (radius * 1.28, eaves - 0.3),
            (radius * 0.05, eaves + house.length_m * 0.55),
            _roof_cover(house),
        )
    _draw_round_door(drafter, house, radius)


def _draw_round_door(drafter: Drafter, house: House, radius: float) -> None:
    towards = math.atan2(drafter.camera.across_m - house.across, -house.along) + 0.5 * math.sin(house.seed)
    middle = (
        house.along + math.cos(towards) * radius * 1.02,
        house.across + math.sin(towards) * radius * 1.02,
    )
    side = (-math.sin(towards) * 0.45, math.cos(towards) * 0.45)
    low = [(middle[0] - side[0], middle[1] - side[1]), (middle[0] + side[0], middle[1] + side[1])]
    corners = [(*low[0], 0.0), (*low[1], 0.0), (*low[1], 1.5), (*low[0], 1.5)]
    drafter.face(
        corners, house.trim * np.float32(0.75), (math.cos(towards), math.sin(towards), 0.0), double_sided=True
    )


def _ring(
    drafter: Drafter,
    house: House,
    low: tuple[float, float],
    high: tuple[float, float],
    base: Rgb,
) -> None:
    """Draw a band of a round body between two circles, each given by radius and height."""
    slope = math.atan2(low[0] - high[0], high[1] - low[1]) if high[1] != low[1] else math.pi / 2
    for part in range(_PARTS_OF_A_ROUND):
        angles = [2 * math.pi * (part + share) / _PARTS_OF_A_ROUND for share in (0, 0.5, 1)]
        middle = angles[1]
        normal = (math.cos(middle) * math.cos(slope), math.sin(middle) * math.cos(slope), math.sin(slope))
        corners: list[Point] = []
        for angle, (radius, height) in (
            (angles[0], low),
            (angles[2], low),
            (angles[2], high),
            (angles[0], high),
        ):
            corners.append(
                (house.along + radius * math.cos(angle), house.across + radius * math.sin(angle), height)
            )
        drafter.face(corners, base, normal)


_ROOFS = {
    "gable": _draw_gable_roof,
    "stilt": _draw_gable_roof,
    "hip": _draw_hip_roof,
    "pagoda": _draw_pagoda_roof,
    "flat": _draw_flat_roof,
    "block": _draw_flat_roof,
    "dome": _draw_dome_roof,
}
