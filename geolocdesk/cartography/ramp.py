"""The colours of the probability surface: nested translucent areas whose layers add up to a palette's ramp."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_RIM_OPACITY = 0.14
_PEAK_OPACITY = 0.8
"""Of all areas together; the base map stays readable below."""

Colour = NDArray[np.float64]
"""Red, green and blue, 0–1."""


@dataclass(frozen=True, slots=True)
class Paint:
    """How one area is filled."""

    colour: str
    """``#rrggbb``."""
    opacity: float


def surface_paints(stops: tuple[str, ...], count: int) -> list[Paint]:
    """Return the paints of ``count`` nested areas, the widest first.

    Each is chosen so that, painted over the wider ones, the sum has the ramp's colour and an opacity that
    rises evenly; where no colour can do that, the nearest one is taken.
    """
    paints: list[Paint] = []
    sum_colour, sum_opacity = np.zeros(3), 0.0
    for index in range(count):
        share = index / max(count - 1, 1)
        wanted_colour = _rgb(ramp_colour(stops, share))
        wanted_opacity = _RIM_OPACITY + (_PEAK_OPACITY - _RIM_OPACITY) * share
        opacity = (wanted_opacity - sum_opacity) / (1.0 - sum_opacity)
        below = sum_opacity * (1.0 - opacity)
        colour = np.clip((wanted_opacity * wanted_colour - below * sum_colour) / opacity, 0.0, 1.0)
        paints.append(Paint(_hexadecimal(colour), round(opacity, 4)))
        sum_colour, sum_opacity = _over(paints[-1], sum_colour, sum_opacity)
    return paints


def surface_colours(paints: list[Paint], ground: str) -> list[str]:
    """Return how the surface looks over a ground where one, two … all areas lie over each other."""
    colours: list[str] = []
    seen = _rgb(ground)
    for paint in paints:
        seen = seen * (1.0 - paint.opacity) + _rgb(paint.colour) * paint.opacity
        colours.append(_hexadecimal(seen))
    return colours


def ramp_colour(stops: tuple[str, ...], share: float) -> str:
    """Return ``#rrggbb`` at ``share`` (0–1) of the way along the stops."""
    place = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    index = min(int(place), len(stops) - 2)
    low, high = _rgb(stops[index]), _rgb(stops[index + 1])
    return _hexadecimal(low + (high - low) * (place - index))


def _over(paint: Paint, colour: Colour, opacity: float) -> tuple[Colour, float]:
    """Return what lies there once a paint is laid over a colour of some opacity."""
    total = paint.opacity + opacity * (1.0 - paint.opacity)
    mixed = _rgb(paint.colour) * paint.opacity + colour * opacity * (1.0 - paint.opacity)
    return mixed / total, total


def _rgb(colour: str) -> Colour:
    return np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)]) / 255.0


def _hexadecimal(colour: Colour) -> str:
    return "#" + "".join(f"{int(channel):02x}" for channel in np.rint(colour * 255.0))
