"""Boxes, roofs and walls in perspective, shaded by the sun."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import ImageDraw

from geolocdesk.practice.camera import Camera, Point
from geolocdesk.practice.look import Rgb, Sky

Fill = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Light:
    """Turns a surface's colour and direction into what the camera sees at a distance."""

    sky: Sky
    road_bearing_deg: float

    def colour(self, base: Rgb, normal: Point, depth_m: float) -> Fill:
        """Return the fill of a surface whose unit normal is given as along, across, up."""
        return self.fill(base * self.strength(normal), depth_m)

    def strength(self, normal: Point) -> Rgb:
        """Return float32[3]: the light that falls on a surface."""
        turn = math.radians(self.sky.sun_azimuth_deg - self.road_bearing_deg)
        height = math.radians(self.sky.sun_elevation_deg)
        flat = math.cos(height)
        facing = normal[0] * math.cos(turn) * flat + normal[1] * math.sin(turn) * flat
        facing += normal[2] * math.sin(height)
        ambient = np.float32(0.92 + 0.08 * normal[2])
        return (self.sky.ambient * ambient + self.sky.sunlight * np.float32(0.80 * max(facing, 0.0))).astype(
            np.float32
        )

    def fill(self, lit: Rgb, depth_m: float) -> Fill:
        """Return the colour as bytes, with the haze that lies between it and the camera."""
        haze = 1 - math.exp(-depth_m / (self.sky.visibility_m * 0.5))
        mixed = np.clip(lit * (1 - haze) + self.sky.horizon * haze, 0, 1) * 255
        return int(mixed[0]), int(mixed[1]), int(mixed[2])


class Drafter:
    """Draws flat surfaces given in metres onto a picture."""

    def __init__(self, pen: ImageDraw.ImageDraw, camera: Camera, light: Light) -> None:
        self.pen, self.camera, self.light = pen, camera, light

    def depth(self, along: float, across: float) -> float:
        """Return metres ahead of the camera."""
        return self.camera.right_and_depth(along, across)[1]

    def face(self, corners: list[Point], base: Rgb, normal: Point, double_sided: bool = False) -> bool:
        """Draw a surface unless it looks away or reaches behind the camera; return whether it was drawn."""
        if not double_sided and not self.looks_here(corners[0], normal):
            return False
        outline = self.camera.outline(corners)
        if outline is None:
            return False
        depth = self.depth(corners[0][0], corners[0][1])
        self.pen.polygon(outline, fill=self.light.colour(base, normal, depth))
        return True

    def looks_here(self, corner: Point, normal: Point) -> bool:
        """Return whether a surface through the corner shows its front to the camera."""
        ahead = (-corner[0], self.camera.across_m - corner[1], self.camera.height_m - corner[2])
        return ahead[0] * normal[0] + ahead[1] * normal[1] + ahead[2] * normal[2] > 0

    def line(self, points: list[Point], base: Rgb, width_m: float, least_px: int = 1) -> None:
        """Draw a thin bar through the points, cut off where it passes the camera."""
        for start, end in pairwise(points):
            outline = self.camera.segment(start, end)
            if outline is None:
                continue
            depth = max(self.depth((start[0] + end[0]) / 2, (start[1] + end[1]) / 2), 1.0)
            width = max(least_px, round(width_m * self.camera.focal_px / depth))
            lit = base * self.light.strength((0.0, 0.0, 0.3))
            self.pen.line(outline, fill=self.light.fill(lit, depth), width=width)

    def box(
        self,
        centre: tuple[float, float],
        size: tuple[float, float],
        yaw_rad: float,
        levels: tuple[float, float],
        base: Rgb,
    ) -> None:
        """Draw an upright box between two heights; ``size`` is length and breadth."""
        corners = footprint(centre, size, yaw_rad)
        low, high = levels
        if high < self.camera.height_m:
            self.face([(a, c, high) for a, c in corners], base, (0.0, 0.0, 1.0))
        for first, second in sides(corners):
            normal = outward(first, second)
            self.face([(*first, low), (*second, low), (*second, high), (*first, high)], base, normal)


def footprint(
    centre: tuple[float, float], size: tuple[float, float], yaw_rad: float
) -> list[tuple[float, float]]:
    """Return the four corners of a turned rectangle on the plan, clockwise seen from above."""
    cosine, sine = math.cos(yaw_rad), math.sin(yaw_rad)
    half_length, half_breadth = size[0] / 2, size[1] / 2
    corners = []
    for a, b in ((1, -1), (1, 1), (-1, 1), (-1, -1)):
        x, y = a * half_length, b * half_breadth
        corners.append((centre[0] + x * cosine - y * sine, centre[1] + x * sine + y * cosine))
    return corners


def sides(corners: list[tuple[float, float]]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Return the edges of a closed outline."""
    return list(zip(corners, [*corners[1:], corners[0]], strict=True))


def outward(first: tuple[float, float], second: tuple[float, float]) -> Point:
    """Return the level unit normal of an edge of a clockwise outline."""
    along, across = second[0] - first[0], second[1] - first[1]
    length = math.hypot(along, across) or 1.0
    return across / length, -along / length, 0.0
