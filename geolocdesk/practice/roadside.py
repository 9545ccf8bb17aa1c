"""What stands along a road: poles and wires, fences, walls, signs, and the traffic on it."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from geolocdesk.practice.camera import Point
from geolocdesk.practice.look import Rgb, rgb
from geolocdesk.practice.solids import Drafter

STEEL = rgb(0.55, 0.57, 0.60)
_WOOD, _CONCRETE = rgb(0.36, 0.28, 0.21), rgb(0.66, 0.64, 0.61)


@dataclass(frozen=True, slots=True)
class PoleLine:
    """Poles beside the road with the wires between them; each pole stands at its own point of the plan."""

    feet: tuple[tuple[float, float], ...]
    material: Literal["wood", "concrete", "steel"]
    height_m: float
    wires: int
    arm_m: float
    """Length of the cross-arm, or of the lamp's arm for steel; its sign points to the road."""


@dataclass(frozen=True, slots=True)
class FencePanel:
    """A stretch of fence, hedge or wall between two points of the plan."""

    start: tuple[float, float]
    end: tuple[float, float]
    kind: str
    height_m: float
    colour: Rgb


@dataclass(frozen=True, slots=True)
class Car:
    """A vehicle on the road."""

    along: float
    across: float
    away: bool
    """Whether it drives in the road's direction."""
    paint: Rgb
    tall: bool
    """A pick-up, van or bus rather than a saloon."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A road sign on its post, facing traffic that drives in the road's direction or against it."""

    along: float
    across: float
    shape: Literal["ring", "diamond", "plate", "triangle"]
    faces_back: bool


def draw_pole(drafter: Drafter, line: PoleLine, index: int) -> None:
    """Draw one pole and the wires to the next."""
    along, across = line.feet[index]
    colour = {"wood": _WOOD, "concrete": _CONCRETE, "steel": STEEL}[line.material]
    width = {"wood": 0.26, "concrete": 0.3, "steel": 0.16}[line.material]
    top = line.height_m
    drafter.line([(along, across, 0.0), (along, across, top)], colour, width)
    if line.material == "steel":
        reach = across + line.arm_m
        drafter.line(
            [(along, across, top), (along, (across + reach) / 2, top + 0.5), (along, reach, top + 0.45)],
            colour,
            0.1,
        )
        drafter.line(
            [(along, reach - 0.3, top + 0.42), (along, reach + 0.4, top + 0.42)], rgb(0.85, 0.85, 0.8), 0.16
        )
    elif line.wires:
        half = abs(line.arm_m) / 2
        drafter.line([(along, across - half, top - 0.4), (along, across + half, top - 0.4)], colour, 0.13)
    if line.wires > 4:
        drafter.line(
            [(along, across + 0.3, top - 2.6), (along, across + 0.3, top - 1.7)], STEEL * np.float32(0.8), 0.5
        )
    if index + 1 < len(line.feet):
        _draw_wires(drafter, line, line.feet[index], line.feet[index + 1])


def _draw_wires(
    drafter: Drafter, line: PoleLine, start: tuple[float, float], end: tuple[float, float]
) -> None:
    half = abs(line.arm_m) / 2
    black = rgb(0.10, 0.10, 0.11)
    for wire in range(line.wires):
        sideways = half * (2 * (wire % 4) / 3 - 1)
        height = line.height_m - 0.35 - 0.55 * (wire // 4) - 0.9 * (wire // 4 > 0)
        points: list[Point] = []
        for share in np.linspace(0, 1, 7):
            sag = 0.9 * 4 * share * (1 - share)
            along = start[0] + (end[0] - start[0]) * share
            points.append(
                (float(along), float(start[1] + (end[1] - start[1]) * share) + sideways, float(height - sag))
            )
        drafter.line(points, black, 0.02)


def draw_fence(drafter: Drafter, panel: FencePanel) -> None:
    """Draw one stretch of fence."""
    length = math.hypot(panel.end[0] - panel.start[0], panel.end[1] - panel.start[1])
    normal = (-(panel.end[1] - panel.start[1]) / length, (panel.end[0] - panel.start[0]) / length, 0.0)
    if not drafter.looks_here((*panel.start, 0.0), normal):
        normal = (-normal[0], -normal[1], 0.0)
    if panel.kind in {"wall", "stone", "hedge"}:
        _draw_solid_fence(drafter, panel, normal)
    else:
        _draw_open_fence(drafter, panel, length)


def _draw_solid_fence(drafter: Drafter, panel: FencePanel, normal: Point) -> None:
    low = [(*panel.start, 0.0), (*panel.end, 0.0)]
    high = [(*panel.end, panel.height_m), (*panel.start, panel.height_m)]
    drafter.face([*low, *high], panel.colour, normal, double_sided=True)
    steps = {"stone": 14, "hedge": 9, "wall": 0}[panel.kind]
    rng = np.random.default_rng(abs(round(panel.start[0] * 100)) + 7)
    for step in range(steps * 4):
        run, height = rng.random(), rng.uniform(0.04, 0.92) * panel.height_m
        along = panel.start[0] + (panel.end[0] - panel.start[0]) * run
        across = panel.start[1] + (panel.end[1] - panel.start[1]) * run
        wide = 0.11 * rng.uniform(0.6, 1.5)
        shade = np.float32(0.86 + 0.26 * (step % 3) / 2) * panel.colour
        x, y, depth = drafter.camera.project((along, across, height))
        if depth < 2.0:
            continue
        radius = wide * drafter.camera.focal_px / depth
        box = (x - radius, y - radius * 0.6, x + radius, y + radius * 0.6)
        drafter.pen.ellipse(box, fill=drafter.light.colour(shade.astype(np.float32), normal, depth))
    if panel.kind == "wall":
        top = [(*panel.start, panel.height_m), (*panel.end, panel.height_m)]
        drafter.line(top, np.minimum(panel.colour * np.float32(1.15), 1).astype(np.float32), 0.14)


def _draw_open_fence(drafter: Drafter, panel: FencePanel, length: float) -> None:
    posts = max(2, round(length / (0.5 if panel.kind == "picket" else 2.6)))
    depth = drafter.depth(*panel.start)
    if panel.kind == "picket" and depth > 40:
        posts = max(2, posts // 4)
    for share in np.linspace(0, 1, posts, endpoint=False):
        along = panel.start[0] + (panel.end[0] - panel.start[0]) * float(share)
        across = panel.start[1] + (panel.end[1] - panel.start[1]) * float(share)
        drafter.line([(along, across, 0.0), (along, across, panel.height_m)], panel.colour, 0.10)
    rails = {"picket": (0.35, 0.8), "wire": (0.4, 0.7, 1.0), "mesh": (0.1, 0.3, 0.5, 0.7, 0.9, 1.0)}[
        panel.kind
    ]
    thick = 0.08 if panel.kind == "picket" else 0.015
    for rail in rails:
        height = rail * panel.height_m
        drafter.line([(*panel.start, height), (*panel.end, height)], panel.colour * np.float32(0.9), thick)


def draw_car(drafter: Drafter, car: Car) -> None:
    """Draw a vehicle: body, glass, wheels and lights."""
    length, breadth, bonnet, roof = (5.0, 1.95, 1.15, 1.95) if car.tall else (4.3, 1.75, 0.9, 1.45)
    if min(drafter.depth(car.along + end * length / 2, car.across) for end in (-1, 1)) < 2.5:
        return
    heading = 1.0 if car.away else -1.0
    wheels = [
        (car.along + end * length * 0.31, car.across + side * breadth / 2)
        for end in (-1, 1)
        for side in (-1, 1)
    ]
    for wheel in sorted(wheels, key=lambda foot: -drafter.depth(*foot)):
        _draw_wheel(drafter, *wheel)
    drafter.box((car.along, car.across), (length, breadth), 0.0, (0.32, bonnet), car.paint)
    _draw_cabin(drafter, car, length, breadth, levels=(bonnet, roof), heading=heading)
    _draw_lights(drafter, car, length, breadth, heading)


def _draw_wheel(drafter: Drafter, along: float, across: float) -> None:
    x, y, depth = drafter.camera.project((along, across, 0.33))
    radius = 0.33 * drafter.camera.focal_px / max(depth, 1.0)
    sideways = abs(drafter.camera.sine)
    narrow = radius * (0.3 + 0.7 * sideways)
    drafter.pen.ellipse((x - narrow, y - radius, x + narrow, y + radius), fill=(22, 22, 24))
    if sideways > 0.5:
        drafter.pen.ellipse(
            (x - narrow / 2, y - radius / 2, x + narrow / 2, y + radius / 2), fill=(120, 122, 126)
        )


def _draw_cabin(
    drafter: Drafter, car: Car, length: float, breadth: float, *, levels: tuple[float, float], heading: float
) -> None:
    low, high = levels
    middle = car.along - heading * length * 0.06
    base_half, top_half = length * (0.30 if not car.tall else 0.36), length * (0.18 if not car.tall else 0.32)
    wide, narrow = breadth * 0.48, breadth * 0.40
    glass = rgb(0.13, 0.16, 0.19)
    base = [
        (middle + a * base_half, car.across + c * wide, low) for a, c in ((1, -1), (1, 1), (-1, 1), (-1, -1))
    ]
    top = [
        (middle + a * top_half, car.across + c * narrow, high)
        for a, c in ((1, -1), (1, 1), (-1, 1), (-1, -1))
    ]
    for order in range(4):
        following = (order + 1) % 4
        normal = outward_of(base[order], base[following])
        drafter.face([base[order], base[following], top[following], top[order]], glass, normal)
    if drafter.camera.height_m > high:
        drafter.face(list(top), car.paint, (0.0, 0.0, 1.0))
    for order in range(4):
        drafter.line([base[order], top[order]], car.paint, 0.07)
    drafter.line([*top, top[0]], car.paint, 0.09)


def outward_of(first: Point, second: Point) -> Point:
    """Return the level unit normal of an edge of a clockwise outline."""
    along, across = second[0] - first[0], second[1] - first[1]
    size = math.hypot(along, across) or 1.0
    return across / size, -along / size, 0.0


def _draw_lights(drafter: Drafter, car: Car, length: float, breadth: float, heading: float) -> None:
    for end in (-1, 1):
        front = end * heading > 0
        colour = rgb(1.0, 0.98, 0.88) if front else rgb(0.78, 0.06, 0.05)
        along = car.along + end * (length / 2 + 0.02)
        for side in (-1, 1):
            middle = car.across + side * breadth * 0.36
            corners: list[Point] = [
                (along, middle - 0.2, 0.58), (along, middle + 0.2, 0.58), (along, middle + 0.2, 0.78), (along, middle - 0.2, 0.78),
            ]  # fmt: skip
            drafter.face(corners, colour, (float(end), 0.0, 0.0))


def draw_sign(drafter: Drafter, sign: Sign) -> None:
    """Draw a road sign without any writing."""
    height, size = 2.3, 0.38
    drafter.line([(sign.along, sign.across, 0.0), (sign.along, sign.across, height)], STEEL, 0.07)
    x, y, depth = drafter.camera.project((sign.along, sign.across, height))
    if depth < 2.0:
        return
    radius = size * drafter.camera.focal_px / depth
    narrow = radius * max(abs(drafter.camera.cosine), 0.12)
    seen_from_behind = (drafter.camera.cosine > 0) != sign.faces_back
    pen, light = drafter.pen, drafter.light
    normal = (-drafter.camera.cosine, 0.0, 0.0)
    white, red, yellow = (
        light.colour(rgb(*c), normal, depth)
        for c in ((0.96, 0.96, 0.95), (0.80, 0.10, 0.10), (0.98, 0.80, 0.10))
    )
    back = light.colour(STEEL, normal, depth)
    if sign.shape == "ring":
        pen.ellipse((x - narrow, y - radius, x + narrow, y + radius), fill=back if seen_from_behind else red)
        if not seen_from_behind:
            pen.ellipse(
                (x - narrow * 0.72, y - radius * 0.72, x + narrow * 0.72, y + radius * 0.72), fill=white
            )
    elif sign.shape == "plate":
        pen.rectangle(
            (x - narrow * 0.8, y - radius, x + narrow * 0.8, y + radius),
            fill=back if seen_from_behind else white,
        )
    else:
        outline = [(x, y - radius * 1.2), (x + narrow * 1.2, y), (x, y + radius * 1.2), (x - narrow * 1.2, y)]
        if sign.shape == "triangle":
            outline = [
                (x, y - radius * 1.1),
                (x + narrow * 1.1, y + radius * 0.8),
                (x - narrow * 1.1, y + radius * 0.8),
            ]
        front = yellow if sign.shape == "diamond" else red
        pen.polygon(outline, fill=back if seen_from_behind else front)
        if sign.shape == "triangle" and not seen_from_behind:
            inner = [
                (x, y - radius * 0.6),
                (x + narrow * 0.66, y + radius * 0.55),
                (x - narrow * 0.66, y + radius * 0.55),
            ]
            pen.polygon(inner, fill=white)
