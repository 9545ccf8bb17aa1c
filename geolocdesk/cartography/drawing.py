"""A picture as a list of shapes, in points with the origin at the bottom left; any vector format can draw it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Line = NDArray[np.float32]
"""float32[n, 2] of x and y, read-only."""

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """Lines that are filled (by the even-odd rule), stroked, or both. Colours are ``#rrggbb``."""

    lines: tuple[Line, ...]
    closed: bool = True
    fill: str | None = None
    fill_opacity: float = 1.0
    stroke: str | None = None
    stroke_width: float = 0.5
    dashes: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Disc:
    """A filled circle with a rim."""

    x: float
    y: float
    radius: float
    fill: str
    rim: str
    rim_width: float = 0.6


@dataclass(frozen=True, slots=True)
class Label:
    """One line of text, its baseline at ``y``."""

    x: float
    y: float
    text: str
    size: float
    colour: str
    anchor: Anchor = "middle"
    is_bold: bool = False
    halo: str | None = None
    """A thin outline that sets the text off from the ground."""


Shape = Path | Disc | Label


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A picture; what lies beyond ``width`` and ``height`` is to be cut off."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    """From the lowest to the highest."""
