"""Layers of paint must add up to the palette's colours."""

import numpy as np
import pytest

from geolocdesk.cartography.ramp import ramp_colour, surface_colours, surface_paints
from geolocdesk.colours import DARK, LIGHT, Palette

RED_TO_BLUE = ("#ff0000", "#0000ff")


def channels(colour: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)])


def test_ramp_passes_through_its_stops() -> None:
    assert ramp_colour(RED_TO_BLUE, 0.0) == "#ff0000"
    assert ramp_colour(RED_TO_BLUE, 1.0) == "#0000ff"
    assert ramp_colour(("#000000", "#808080", "#ffffff"), 0.5) == "#808080"
    assert ramp_colour(RED_TO_BLUE, -3.0) == "#ff0000"


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)
@pytest.mark.parametrize("count", [1, 2, 10, 22])
def test_the_surface_follows_the_ramp(palette: Palette, count: int) -> None:
    """Painted by hand over black and over white, the sum has the ramp's colour at the rising opacity."""
    stops = palette.density
    paints = surface_paints(stops, count)
    black, white = surface_colours(paints, "#000000"), surface_colours(paints, "#ffffff")
    opacities = [
        1.0 - (channels(light)[1] - channels(dark)[1]) / 255 for dark, light in zip(black, white, strict=True)
    ]
    assert opacities == pytest.approx(list(np.linspace(0.14, 0.8 if count > 1 else 0.14, count)), abs=0.012)
    for index in range(count):
        wanted = channels(ramp_colour(stops, index / max(count - 1, 1)))
        seen = channels(black[index]) / opacities[index]
        assert np.abs(seen - wanted).max() < 45  # the darkest stops ask for less than black


def test_no_areas_no_paints() -> None:
    assert surface_paints(LIGHT.density, 0) == []
