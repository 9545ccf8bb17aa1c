"""Trees and shrubs: each kind is drawn once in greys, then coloured for a place and shrunk as needed."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from geolocdesk.practice.look import Rgb, Sky

WIDTH, HEIGHT = 224, 256
VARIANTS = 3
_DRAWN_AT = 2
_HAZE_STEPS = 12
_LEAF_FLOOR = 40
"""Greys below belong to wood, those above to leaves."""


@dataclass(frozen=True, slots=True)
class PlantKind:
    """A kind of plant: how tall it grows, what its wood looks like and how its leaves differ from the place's."""

    draw: Callable[["_Pen"], None]
    height_m: tuple[float, float]
    wood: tuple[float, float, float]
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    keeps_own_colour: float = 0.0
    """0 takes the place's foliage colour, 1 only its own tint (as a colour)."""


class _Pen:
    """Draws in greys on a picture twice the sprite's size; x and y run 0 to 1, y upwards from the root."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self._width, self._height = WIDTH * _DRAWN_AT, HEIGHT * _DRAWN_AT
        self.shade = Image.new("L", (self._width, self._height), 0)
        self.mask = Image.new("L", (self._width, self._height), 0)
        self._shade = ImageDraw.Draw(self.shade)
        self._mask = ImageDraw.Draw(self.mask)

    def _pixel(self, x: float, y: float) -> tuple[float, float]:
        return x * self._width, (1 - y) * self._height

    def branch(self, points: list[tuple[float, float]], width: float, end_width: float, grey: int) -> None:
        """Draw a tapering limb through the points; widths are shares of the sprite's width."""
        for order, (start, end) in enumerate(pairwise(points)):
            share = order / max(len(points) - 1, 1)
            thick = max(1, round((width + (end_width - width) * share) * self._width))
            for pen, fill in ((self._shade, grey), (self._mask, 255)):
                pen.line([self._pixel(*start), self._pixel(*end)], fill=fill, width=thick)

    def leaf(self, x: float, y: float, radius_x: float, radius_y: float, light: float) -> None:
        """Draw one clump of leaves with a brightness of 0 to 1."""
        left, top = self._pixel(x - radius_x, y + radius_y)
        right, bottom = self._pixel(x + radius_x, y - radius_y)
        grey = round(_LEAF_FLOOR + (255 - _LEAF_FLOOR) * min(max(light, 0.0), 1.0))
        self._shade.ellipse((left, top, right, bottom), fill=grey)
        self._mask.ellipse((left, top, right, bottom), fill=255)

    def blade(self, points: list[tuple[float, float]], light: float) -> None:
        """Draw a leaf as a filled outline."""
        grey = round(_LEAF_FLOOR + (255 - _LEAF_FLOOR) * min(max(light, 0.0), 1.0))
        pixels = [self._pixel(*point) for point in points]
        self._shade.polygon(pixels, fill=grey)
        self._mask.polygon(pixels, fill=255)

    def clump(
        self, x: float, y: float, radius_x: float, radius_y: float, *, leaves: int, size: float
    ) -> None:
        """Draw a rounded mass of leaves, lit from the upper left."""
        angles = self.rng.uniform(0, 2 * math.pi, leaves)
        reaches = np.sqrt(self.rng.uniform(0, 1, leaves))
        order = np.argsort(-0.35 * reaches + np.sin(angles) * reaches)
        for index in order:
            dx, dy = math.cos(angles[index]) * reaches[index], math.sin(angles[index]) * reaches[index]
            light = 0.42 + 0.36 * dy - 0.22 * dx + self.rng.normal(0, 0.10)
            leaf = size * self.rng.uniform(0.7, 1.3)
            self.leaf(x + dx * radius_x, y + dy * radius_y, leaf, leaf * 0.75, light)


def _broadleaf(pen: _Pen) -> None:
    lean = pen.rng.normal(0, 0.02)
    pen.branch([(0.5, 0), (0.5 + lean, 0.42)], 0.055, 0.035, 30)
    for side in (-1, 1):
        pen.branch([(0.5, 0.25), (0.5 + side * 0.16, 0.5)], 0.028, 0.012, 26)
    masses = [(0.5 + lean, 0.62, 0.3, 0.25)]
    masses += [
        (0.5 + pen.rng.uniform(-0.26, 0.26), pen.rng.uniform(0.45, 0.78), 0.17, 0.14) for _ in range(6)
    ]
    for x, y, radius_x, radius_y in sorted(masses[1:], key=lambda mass: mass[1]) + masses[:1]:
        pen.clump(x, y, radius_x, radius_y, leaves=190, size=0.021)
    for _ in range(4):
        pen.clump(
            0.5 + pen.rng.uniform(-0.22, 0.2), pen.rng.uniform(0.5, 0.82), 0.12, 0.1, leaves=90, size=0.019
        )


def _poplar(pen: _Pen) -> None:
    pen.branch([(0.5, 0), (0.5, 0.6)], 0.035, 0.015, 28)
    for level in np.linspace(0.16, 0.93, 14):
        reach = 0.105 * math.sin(math.pi * min(1.0, (level - 0.06) * 0.98)) ** 0.6 + 0.015
        pen.clump(0.5 + pen.rng.normal(0, 0.012), level, reach, 0.06, leaves=46, size=0.017)


def _cypress(pen: _Pen) -> None:
    pen.branch([(0.5, 0), (0.5, 0.3)], 0.03, 0.02, 24)
    for level in np.linspace(0.08, 0.95, 18):
        reach = 0.075 * math.sin(math.pi * (0.12 + 0.86 * level)) ** 0.7 + 0.006
        pen.clump(0.5, level, reach, 0.05, leaves=40, size=0.013)


def _birch(pen: _Pen) -> None:
    lean = pen.rng.normal(0, 0.03)
    pen.branch([(0.5, 0), (0.5 + lean, 0.45), (0.5 + 1.5 * lean, 0.9)], 0.032, 0.01, 39)
    for mark in np.linspace(0.05, 0.6, 9):
        x = 0.5 + lean * mark * 2
        pen.branch([(x - 0.012, mark), (x + 0.004, mark + 0.003)], 0.006, 0.006, 6)
    for _ in range(17):
        level = pen.rng.uniform(0.36, 0.93)
        reach = 0.22 * (1.02 - level) + 0.05
        x = 0.5 + 1.4 * lean * level + pen.rng.uniform(-reach, reach)
        pen.clump(x, level, 0.07, 0.075, leaves=34, size=0.017)


def _conifer(pen: _Pen) -> None:
    pen.branch([(0.5, 0), (0.5, 0.9)], 0.03, 0.008, 24)
    tiers = 15
    for tier in range(tiers):
        level = 0.08 + 0.86 * tier / tiers
        reach = (0.3 + pen.rng.normal(0, 0.018)) * (1 - tier / tiers) ** 0.85 + 0.012
        needles = max(6, round(30 * (1 - tier / tiers)))
        for offset in np.linspace(-1, 1, needles):
            tip_x = 0.5 + offset * reach * pen.rng.uniform(0.85, 1.1)
            tip_y = level - 0.035 - 0.02 * abs(offset) + pen.rng.normal(0, 0.008)
            light = 0.34 - 0.2 * offset + 0.10 * tier / tiers + pen.rng.normal(0, 0.09)
            root = 0.5 + offset * reach * 0.25
            pen.blade([(root - 0.012, level + 0.075), (root + 0.012, level + 0.075), (tip_x, tip_y)], light)


def _pine(pen: _Pen) -> None:
    lean = pen.rng.normal(0, 0.04)
    crown = 0.5 + 1.6 * lean
    pen.branch([(0.5, 0), (0.5 + lean, 0.4), (crown, 0.78)], 0.045, 0.02, 36)
    for side in (-1, 1):
        pen.branch([(0.5 + 1.2 * lean, 0.55), (crown + side * 0.17, 0.74)], 0.018, 0.008, 32)
    for _ in range(8):
        x, y = crown + pen.rng.uniform(-0.24, 0.24), pen.rng.uniform(0.66, 0.88)
        pen.clump(x, y, 0.13, 0.06, leaves=90, size=0.015)


def _palm(pen: _Pen) -> None:
    _palm_tree(pen, stem=0.026, lean=pen.rng.normal(0, 0.09), fronds=15, reach=0.30, droop=0.85)


def _date_palm(pen: _Pen) -> None:
    _palm_tree(pen, stem=0.048, lean=pen.rng.normal(0, 0.02), fronds=26, reach=0.27, droop=0.55)


def _palm_tree(pen: _Pen, *, stem: float, lean: float, fronds: int, reach: float, droop: float) -> None:
    top_x, top_y = 0.5 + lean, 0.74
    points = [(0.5 + lean * t * t, top_y * t) for t in np.linspace(0, 1, 9)]
    pen.branch(points, stem * 1.25, stem * 0.8, 30)
    for order in range(fronds):
        angle = math.pi * (-0.18 + 1.36 * (order + pen.rng.uniform(-0.3, 0.3)) / fronds)
        length = reach * pen.rng.uniform(0.85, 1.1)
        light = 0.48 + 0.24 * math.sin(angle) - 0.2 * math.cos(angle) + pen.rng.normal(0, 0.07)
        _frond(pen, top_x, top_y, angle, length=length, droop=droop, light=light)


def _frond(pen: _Pen, x: float, y: float, angle: float, *, length: float, droop: float, light: float) -> None:
    spine = []
    for t in np.linspace(0, 1, 9):
        sideways = math.cos(angle) * length * t * 1.25
        upward = math.sin(angle) * length * t - droop * length * t * t * (0.6 + 0.4 * abs(math.cos(angle)))
        spine.append((x + sideways, y + upward))
    for (sx, sy), (ex, ey) in pairwise(spine):
        for side in (-1, 1):
            hang = (sx + (ex - sx) * 1.7 + side * 0.012, sy - 0.05 + side * 0.02)
            pen.blade([(sx, sy), (ex, ey), hang], light + 0.06 * side + pen.rng.normal(0, 0.04))


def _banana(pen: _Pen) -> None:
    for stem in (-0.1, 0.02, 0.12):
        root, top = 0.5 + stem * 0.6, 0.42 + pen.rng.uniform(-0.06, 0.1)
        pen.branch([(root, 0), (0.5 + stem, top)], 0.04, 0.03, 36)
        for order in range(6):
            angle = math.pi * (0.02 + 0.96 * (order + pen.rng.uniform(-0.2, 0.2)) / 5)
            reach = pen.rng.uniform(0.24, 0.34)
            tip = (0.5 + stem + math.cos(angle) * reach * 0.9, top + math.sin(angle) * reach * 1.2 - 0.10)
            bend = (0.5 + stem + math.cos(angle) * reach * 0.5, top + math.sin(angle) * reach * 0.9 + 0.03)
            light = 0.55 + 0.2 * math.sin(angle) - 0.18 * math.cos(angle) + pen.rng.normal(0, 0.06)
            wide = 0.045
            base = (0.5 + stem, top)
            pen.blade(
                [base, (bend[0] - wide, bend[1] + wide), tip, (bend[0] + wide * 0.6, bend[1] - wide)], light
            )


def _rainforest(pen: _Pen) -> None:
    lean = pen.rng.normal(0, 0.03)
    pen.branch([(0.5, 0), (0.5 + lean, 0.6)], 0.05, 0.03, 34)
    for _ in range(5):
        pen.clump(
            0.5 + pen.rng.uniform(-0.2, 0.2), pen.rng.uniform(0.10, 0.4), 0.14, 0.09, leaves=46, size=0.022
        )
    for _ in range(9):
        x, y = 0.5 + lean + pen.rng.uniform(-0.3, 0.3), pen.rng.uniform(0.58, 0.86)
        pen.clump(x, y, 0.16, 0.085, leaves=120, size=0.018)


def _acacia(pen: _Pen) -> None:
    for side in (-1.0, -0.35, 0.4, 1.0):
        tip = 0.5 + side * 0.27
        pen.branch([(0.5, 0), (0.5 + side * 0.05, 0.28), (tip, 0.66)], 0.03, 0.009, 28)
    for offset in np.linspace(-0.38, 0.38, 11):
        height = 0.66 + 0.06 * (1 - (offset / 0.38) ** 2) + pen.rng.normal(0, 0.012)
        pen.clump(0.5 + offset, height, 0.11, 0.045, leaves=90, size=0.012)


def _baobab(pen: _Pen) -> None:
    pen.branch([(0.5, 0), (0.5, 0.1), (0.5, 0.2), (0.5, 0.3), (0.5, 0.4), (0.5, 0.52)], 0.21, 0.12, 32)
    for side in np.linspace(-1, 1, 7):
        fork = (0.5 + side * 0.16, 0.62)
        pen.branch(
            [(0.5 + side * 0.05, 0.46), fork, (0.5 + side * 0.34, 0.76 + pen.rng.normal(0, 0.03))],
            0.04,
            0.01,
            30,
        )
        pen.clump(0.5 + side * 0.34, 0.8, 0.09, 0.05, leaves=36, size=0.016)


def _eucalyptus(pen: _Pen) -> None:
    lean = pen.rng.normal(0, 0.05)
    pen.branch([(0.5, 0), (0.5 + lean, 0.4)], 0.045, 0.032, 39)
    for _ in range(9):
        tip = (0.5 + lean + pen.rng.uniform(-0.3, 0.3), pen.rng.uniform(0.55, 0.9))
        pen.branch(
            [(0.5 + lean * 0.9, 0.36), ((tip[0] + 0.5 + lean) / 2, tip[1] - 0.14), tip], 0.02, 0.006, 38
        )
        pen.clump(tip[0], tip[1], 0.10, 0.062, leaves=52, size=0.016)


def _bamboo(pen: _Pen) -> None:
    for _ in range(16):
        root, tip = pen.rng.uniform(0.38, 0.62), pen.rng.uniform(0.16, 0.84)
        top = pen.rng.uniform(0.7, 0.95)
        stem = [(root + (tip - root) * t**2.2, top * t) for t in np.linspace(0, 1, 8)]
        pen.branch(stem, 0.011, 0.006, 37)
        for x, y in stem[3:]:
            pen.clump(x, y, 0.055, 0.045, leaves=14, size=0.014)


def _olive(pen: _Pen) -> None:
    for side in (-1, 0, 1):
        pen.branch(
            [(0.5 + side * 0.02, 0), (0.5 + side * 0.10, 0.3), (0.5 + side * 0.16, 0.5)], 0.045, 0.015, 26
        )
    for _ in range(10):
        x, y = 0.5 + pen.rng.uniform(-0.24, 0.24), pen.rng.uniform(0.34, 0.66)
        pen.clump(x, y, 0.14, 0.12, leaves=100, size=0.015)


def _shrub(pen: _Pen) -> None:
    for _ in range(8):
        pen.clump(
            0.5 + pen.rng.uniform(-0.32, 0.32), pen.rng.uniform(0.10, 0.36), 0.16, 0.13, leaves=80, size=0.017
        )


def _dry_shrub(pen: _Pen) -> None:
    for _ in range(46):
        x, y = 0.5 + pen.rng.normal(0, 0.2), pen.rng.uniform(0.12, 0.38)
        pen.branch([(0.5 + (x - 0.5) * 0.15, 0), ((x + 0.5) / 2, y * 0.7), (x, y)], 0.008, 0.003, 28)
        pen.leaf(x, y, 0.018, 0.012, 0.45 + 0.6 * (y - 0.2) - 0.3 * (x - 0.5) + pen.rng.normal(0, 0.1))


def _cactus(pen: _Pen) -> None:
    def column(x: float, bottom: float, top: float, radius: float) -> None:
        for step in np.linspace(-1, 1, 9):
            light = 0.5 - 0.34 * step + (0.10 if round(step * 4) % 2 else -0.08)
            wide = radius / 4.2
            pen.blade(
                [
                    (x + step * radius - wide, bottom),
                    (x + step * radius - wide, top - 0.03 * step * step),
                    (x + step * radius + wide, top - 0.03 * step * step),
                    (x + step * radius + wide, bottom),
                ],
                light,
            )

    column(0.5, 0, 0.95, 0.055)
    for side in (-1, 1):
        elbow = pen.rng.uniform(0.3, 0.5)
        x = 0.5 + side * 0.17
        pen.blade([(0.5, elbow), (0.5, elbow + 0.07), (x, elbow + 0.07), (x, elbow)], 0.42 - 0.1 * side)
        column(x, elbow, elbow + pen.rng.uniform(0.2, 0.34), 0.04)


def _agave(pen: _Pen) -> None:
    for order in range(24):
        angle = math.pi * (0.03 + 0.94 * (order + pen.rng.uniform(-0.3, 0.3)) / 23)
        tip = (0.5 + math.cos(angle) * 0.4, 0.02 + math.sin(angle) * 0.44)
        light = 0.42 + 0.25 * math.sin(angle) - 0.25 * math.cos(angle) + pen.rng.normal(0, 0.08)
        pen.blade([(0.46, 0), tip, (0.54, 0.02)], light)


def _bare(pen: _Pen) -> None:
    def grow(x: float, y: float, angle: float, length: float, *, width: float, depth: int) -> None:
        end = (x + math.cos(angle) * length, y + math.sin(angle) * length * 0.9)
        pen.branch([(x, y), end], width, width * 0.75, 26)
        if depth == 0:
            return
        for _ in range(3 if depth > 2 else 2):
            turn = pen.rng.uniform(-0.62, 0.62)
            grow(
                *end, angle + turn, length * pen.rng.uniform(0.62, 0.84), width=width * 0.62, depth=depth - 1
            )

    grow(0.5, 0, math.pi / 2 + pen.rng.normal(0, 0.05), 0.26, width=0.045, depth=5)


def _tuft(pen: _Pen) -> None:
    for _ in range(44):
        root = pen.rng.uniform(0.34, 0.66)
        tip = (root + pen.rng.normal(0, 0.13), pen.rng.uniform(0.22, 0.55))
        pen.blade([(root - 0.009, 0), tip, (root + 0.009, 0)], 0.5 + pen.rng.normal(0, 0.16))


_BROWN, _GREY, _PALE = (0.36, 0.27, 0.19), (0.42, 0.38, 0.33), (0.86, 0.83, 0.77)

KINDS: dict[str, PlantKind] = {
    "broadleaf": PlantKind(_broadleaf, (8, 14), _BROWN),
    "poplar": PlantKind(_poplar, (13, 20), _GREY, (1.0, 1.05, 0.95)),
    "cypress": PlantKind(_cypress, (9, 15), _BROWN, (0.62, 0.72, 0.70)),
    "birch": PlantKind(_birch, (9, 14), (0.95, 0.94, 0.90), (1.12, 1.08, 0.85)),
    "conifer": PlantKind(_conifer, (10, 18), _BROWN, (0.68, 0.82, 0.85)),
    "pine": PlantKind(_pine, (9, 15), (0.58, 0.37, 0.24), (0.80, 0.88, 0.80)),
    "palm": PlantKind(_palm, (8, 14), (0.52, 0.46, 0.39), (1.05, 1.08, 0.9)),
    "date_palm": PlantKind(_date_palm, (7, 12), (0.50, 0.40, 0.30), (0.52, 0.55, 0.38), 0.5),
    "banana": PlantKind(_banana, (3.5, 5.5), (0.50, 0.52, 0.28), (1.25, 1.22, 0.9)),
    "rainforest": PlantKind(_rainforest, (14, 24), _GREY, (0.85, 0.95, 0.85)),
    "acacia": PlantKind(_acacia, (5, 9), _BROWN, (0.46, 0.48, 0.25), 0.5),
    "baobab": PlantKind(_baobab, (9, 14), (0.56, 0.49, 0.44), (1.0, 1.0, 0.9)),
    "eucalyptus": PlantKind(_eucalyptus, (10, 18), _PALE, (0.42, 0.48, 0.36), 0.6),
    "bamboo": PlantKind(_bamboo, (7, 11), (0.48, 0.54, 0.28), (1.15, 1.15, 0.8)),
    "olive": PlantKind(_olive, (4, 6.5), _GREY, (0.48, 0.53, 0.42), 0.75),
    "shrub": PlantKind(_shrub, (1.2, 2.8), _BROWN),
    "dry_shrub": PlantKind(_dry_shrub, (0.7, 1.6), (0.46, 0.37, 0.26), (0.58, 0.54, 0.36), 0.7),
    "cactus": PlantKind(_cactus, (3, 6), _BROWN, (0.36, 0.47, 0.30), 0.8),
    "agave": PlantKind(_agave, (0.9, 1.8), _BROWN, (0.45, 0.56, 0.52), 0.75),
    "bare": PlantKind(_bare, (8, 13), (0.34, 0.29, 0.26)),
    "tuft": PlantKind(_tuft, (0.35, 0.8), _BROWN),
}


@dataclass(frozen=True, slots=True)
class _GreySprite:
    """One size of a plant before it is coloured, uint8[height, width] each."""

    shade: NDArray[np.uint8]
    mask: NDArray[np.uint8]


@cache
def _grey_sprites(kind: str, variant: int) -> tuple[_GreySprite, ...]:
    """Return a plant in sizes that halve, the largest first."""
    pen = _Pen(1000 * sorted(KINDS).index(kind) + variant)
    KINDS[kind].draw(pen)
    factors = [_DRAWN_AT << halvings for halvings in range(6)]
    return tuple(_shrunk(pen.shade.reduce(factor), pen.mask.reduce(factor)) for factor in factors)


def _shrunk(shade: Image.Image, mask: Image.Image) -> _GreySprite:
    opacity = np.asarray(mask)
    # The empty background is black: take it out of the greys along the edge again.
    greys = np.asarray(shade, dtype=np.float32) * 255 / np.maximum(opacity, 1)
    return _GreySprite(np.minimum(greys, 255).astype(np.uint8), opacity)


class Foliage:
    """The plants of one place, coloured by its season, its light and its haze."""

    def __init__(self, leaf: Rgb, sky: Sky, snow: float) -> None:
        self._leaf, self._sky, self._snow = leaf, sky, snow
        self._sprites: dict[tuple[str, int, bool, int, int], Image.Image] = {}
        self._ramps: dict[tuple[str, int], NDArray[np.uint32]] = {}

    def sprite(
        self, kind: str, variant: int, mirrored: bool, height_px: float, depth_m: float
    ) -> Image.Image:
        """Return the coloured sprite, RGBA, at the smallest stored size that is not below ``height_px``."""
        halvings = min(max(0, math.floor(math.log2(HEIGHT / max(height_px, 1.0)))), 5)
        veil = 1 - math.exp(-depth_m / (self._sky.visibility_m * 0.35))
        haze = min(round(veil * _HAZE_STEPS), _HAZE_STEPS)
        key = (kind, variant, mirrored, halvings, haze)
        if key not in self._sprites:
            self._sprites[key] = self._coloured(*key)
        return self._sprites[key]

    def _coloured(self, kind: str, variant: int, mirrored: bool, halvings: int, haze: int) -> Image.Image:
        grey = _grey_sprites(kind, variant)[halvings]
        if (kind, haze) not in self._ramps:
            self._ramps[kind, haze] = self._ramp(kind, haze / _HAZE_STEPS)
        pixels = self._ramps[kind, haze][grey.shade]
        pixels |= grey.mask.astype(np.uint32) << 24
        colours = pixels.astype("<u4").view(np.uint8).reshape(*pixels.shape, 4)
        return Image.fromarray(colours[:, ::-1] if mirrored else colours)

    def _ramp(self, kind: str, haze: float) -> NDArray[np.uint32]:
        """Return uint32[256]: the colour of every grey as 0x00BBGGRR, wood below the leaf floor, leaves above."""
        plant = KINDS[kind]
        own = np.array(plant.tint, dtype=np.float32)
        leaf = self._leaf * own * (1 - plant.keeps_own_colour) + own * plant.keeps_own_colour
        greys = np.arange(256, dtype=np.float32)
        wood = np.array(plant.wood, dtype=np.float32) * (0.35 + 0.75 * greys / _LEAF_FLOOR)[:, None]
        bright = np.clip((greys - _LEAF_FLOOR) / (255 - _LEAF_FLOOR), 0, 1)[:, None]
        leaves = leaf * (0.42 + 1.25 * bright) + np.array([0.10, 0.09, 0.01], dtype=np.float32) * bright**2
        if self._snow > 0.15:
            lying = np.clip((bright - 0.42) * 4, 0, 1) * min(self._snow * 1.1, 0.95)
            leaves = leaves + (np.array([0.92, 0.95, 0.99], dtype=np.float32) - leaves) * lying
        colours = np.where((greys < _LEAF_FLOOR)[:, None], wood, leaves)
        lit = colours * (self._sky.ambient * 0.8 + self._sky.sunlight * (0.22 + 0.62 * bright))
        hazy = np.clip(lit + (self._sky.horizon - lit) * min(haze, 0.9), 0, 1)
        red, green, blue = (hazy * 255).astype(np.uint32).T
        packed: NDArray[np.uint32] = red | green << 8 | blue << 16
        return packed
