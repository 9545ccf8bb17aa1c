"""What the map of an HTML report shows of one analysis, packed.

Lines are written as steps from point to point in whole units, which takes little more than half the room that
coordinates take; ``unfolded`` in ``report_map.js`` adds them up again.
"""

import json
import math
from typing import Any

import numpy as np

from geolocdesk.analysis import Analysis
from geolocdesk.cartography.overlay import BAND_MASSES, overlay_of
from geolocdesk.estimation.surface import answer_surface
from geolocdesk.reporting.html_packing import packed

_UNITS_PER_DEGREE = {"regions": 10_000, "links": 10_000, "rings": 100_000, "cells": 10_000}
"""Lines to about 10 m; rings to 1 m, because the smallest is looked at from close by."""
_LEAST_UNITS_PER_DEGREE = 1000
_UNITS_PER_BANDWIDTH = 1000


def overlay_block(analysis: Analysis) -> str:
    """Return the overlay that the window would draw, its lines as fine as a map can show."""
    neighbours, estimate = analysis.neighbours, analysis.estimate
    bandwidth_deg = estimate.parameters.bandwidth_deg
    overlay = overlay_of(analysis, bands=answer_surface(neighbours, estimate, BAND_MASSES)).to_json()
    units = {"density": _units_for_surface(bandwidth_deg), **_UNITS_PER_DEGREE}
    for layer, units_per_degree in units.items():
        for shape in overlay["layers"][layer]["features"]:
            geometry = shape["geometry"]
            geometry["coordinates"] = _steps(geometry["coordinates"], units_per_degree)
    overlay["units_per_degree"] = units
    text = json.dumps(overlay, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return packed(text.encode("utf-8"))


def _units_for_surface(bandwidth_deg: float) -> int:
    """Return a power of ten: the surface's outlines are many, and smooth over parts of a bandwidth."""
    wanted = math.ceil(math.log10(_UNITS_PER_BANDWIDTH / bandwidth_deg))
    return max(_LEAST_UNITS_PER_DEGREE, int(10**wanted))


def _steps(coordinates: Any, units_per_degree: int) -> Any:  # noqa: ANN401 - nested to any depth
    """Return each line of positions as one flat list: the first position in units, then the steps."""
    if not coordinates or not isinstance(coordinates[0][0], int | float):
        return [_steps(inner, units_per_degree) for inner in coordinates]
    whole = np.rint(np.array(coordinates) * units_per_degree).astype(np.int64)
    return np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel().tolist()
