"""What the map of an HTML report shows of one analysis, packed."""

import json
from typing import Any

from geolocdesk.analysis import Analysis
from geolocdesk.cartography.overlay import BAND_MASSES, overlay_of
from geolocdesk.estimation.density import Density
from geolocdesk.estimation.region import density_surface
from geolocdesk.reporting.html_packing import packed

_DECIMALS = {"density": 3}
"""The surface's outlines to about 100 m: they are many, and nobody reads a position off them."""
_OTHER_DECIMALS = 5
"""Everything else to about a metre."""


def overlay_block(analysis: Analysis) -> str:
    """Return the overlay that the window would draw, with coordinates as fine as a map can show."""
    neighbours, estimate = analysis.neighbours, analysis.estimate
    count = len(estimate.weights)
    density = Density(
        latitudes=neighbours.latitudes()[:count],
        longitudes=neighbours.longitudes()[:count],
        weights=estimate.weights,
        bandwidth_deg=estimate.parameters.bandwidth_deg,
    )
    overlay = overlay_of(analysis, bands=density_surface(density, BAND_MASSES)).to_json()
    for name, layer in overlay["layers"].items():
        decimals = _DECIMALS.get(name, _OTHER_DECIMALS)
        for shape in layer["features"]:
            geometry = shape["geometry"]
            geometry["coordinates"] = _rounded(geometry["coordinates"], decimals)
    text = json.dumps(overlay, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return packed(text.encode("utf-8"))


def _rounded(coordinates: Any, decimals: int) -> Any:  # noqa: ANN401 - nested to any depth
    if isinstance(coordinates, list):
        return [_rounded(inner, decimals) for inner in coordinates]
    return round(coordinates, decimals)
