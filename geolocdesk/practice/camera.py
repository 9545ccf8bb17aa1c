"""A pinhole camera on a flat plan: metres along and across a road to pixels of the picture."""

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Point = tuple[float, float, float]
"""Metres along the road, metres to its right, metres above the ground."""

NEAR_M = 1.2


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the camera stands and looks.

    The plan's origin lies on the middle of the road; ``along`` runs down the road, ``across`` to its right.
    """

    width_px: int
    height_px: int
    focal_px: float
    horizon_px: float
    height_m: float
    across_m: float
    heading_deg: float
    """Compass direction the camera looks."""
    road_bearing_deg: float
    """Compass direction of the road."""

    cosine: float = field(init=False)
    """Of the angle from the road's direction to the camera's, clockwise."""
    sine: float = field(init=False)

    def __post_init__(self) -> None:
        turn = math.radians(self.heading_deg - self.road_bearing_deg)
        object.__setattr__(self, "cosine", math.cos(turn))
        object.__setattr__(self, "sine", math.sin(turn))

    def scaled(self, factor: float) -> "Camera":
        """Return the same view on a picture of another size."""
        return replace(
            self,
            width_px=round(self.width_px * factor),
            height_px=round(self.height_px * factor),
            focal_px=self.focal_px * factor,
            horizon_px=self.horizon_px * factor,
        )

    def right_and_depth(self, along: float, across: float) -> tuple[float, float]:
        """Return metres to the right of the optical axis and metres ahead."""
        sideways = across - self.across_m
        return sideways * self.cosine - along * self.sine, along * self.cosine + sideways * self.sine

    def ground_points(
        self, along: NDArray[np.float64], across: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return x and y in pixels and the depth in metres of points on the ground, arrays of any shape."""
        sideways = across - self.across_m
        right = sideways * self.cosine - along * self.sine
        depth = along * self.cosine + sideways * self.sine
        scale = self.focal_px / np.maximum(depth, 1e-3)
        return self.width_px / 2 + right * scale, self.horizon_px + self.height_m * scale, depth

    def project(self, point: Point) -> tuple[float, float, float]:
        """Return x and y in pixels and the depth in metres; only points NEAR_M ahead can be drawn."""
        right, depth = self.right_and_depth(point[0], point[1])
        scale = self.focal_px / max(depth, 1e-3)
        x = self.width_px / 2 + right * scale
        return x, self.horizon_px + (self.height_m - point[2]) * scale, depth

    def outline(self, points: list[Point]) -> list[tuple[float, float]] | None:
        """Return the pixels of the part of a polygon that lies ahead, or None where nothing does."""
        placed = [(*self.right_and_depth(point[0], point[1]), point[2]) for point in points]
        if min(depth for _, depth, _ in placed) < NEAR_M:
            placed = _ahead(placed)
        return [self._pixel(*point) for point in placed] if len(placed) > 2 else None

    def segment(self, start: Point, end: Point) -> list[tuple[float, float]] | None:
        """Return the pixels of the part of a line that lies ahead, or None where nothing does."""
        placed = [(*self.right_and_depth(point[0], point[1]), point[2]) for point in (start, end)]
        if min(depth for _, depth, _ in placed) < NEAR_M:
            placed = _ahead(placed)[:2]
        return [self._pixel(*point) for point in placed] if len(placed) > 1 else None

    def _pixel(self, right: float, depth: float, height: float) -> tuple[float, float]:
        scale = self.focal_px / depth
        return self.width_px / 2 + right * scale, self.horizon_px + (self.height_m - height) * scale

    def column_azimuths_deg(self) -> Floats:
        """Return float32[width]: the compass direction of every column."""
        columns = np.arange(self.width_px, dtype=np.float32) + 0.5 - self.width_px / 2
        azimuths = self.heading_deg + np.degrees(np.arctan(columns / self.focal_px))
        return np.asarray(azimuths, dtype=np.float32)

    def ground_plan(self) -> tuple[int, Floats, Floats, Floats]:
        """Return the first row below the horizon, and the ground's depth, along and across in metres.

        Depth is float32[rows, 1], the others float32[rows, width].
        """
        first = math.floor(self.horizon_px) + 1
        rows = np.arange(first, self.height_px, dtype=np.float32) + 0.5 - self.horizon_px
        depth = (self.height_m * self.focal_px / rows)[:, None].astype(np.float32)
        columns = np.arange(self.width_px, dtype=np.float32) + 0.5 - self.width_px / 2
        right = depth * (columns / np.float32(self.focal_px))
        cosine, sine = np.float32(self.cosine), np.float32(self.sine)
        along = np.asarray(depth * cosine - right * sine, dtype=np.float32)
        across = np.asarray(np.float32(self.across_m) + depth * sine + right * cosine, dtype=np.float32)
        return first, depth, along, across


def _ahead(placed: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Return a polygon of (right, depth, height) cut off at the nearest depth that can be drawn."""
    kept: list[tuple[float, float, float]] = []
    for first, second in zip(placed, [*placed[1:], placed[0]], strict=True):
        if first[1] >= NEAR_M:
            kept.append(first)
        if (first[1] >= NEAR_M) != (second[1] >= NEAR_M):
            share = (NEAR_M - first[1]) / (second[1] - first[1])
            kept.append(
                (first[0] + (second[0] - first[0]) * share, NEAR_M, first[2] + (second[2] - first[2]) * share)
            )
    return kept
