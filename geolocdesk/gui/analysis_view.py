"""Everything the panels draw of one analysis, worked out off the GUI thread."""

from collections.abc import Mapping
from dataclasses import dataclass

from geolocdesk.analysis import Analysis
from geolocdesk.cartography.overlay import BAND_MASSES, Overlay, overlay_of
from geolocdesk.estimation.carriers import find_carriers
from geolocdesk.estimation.density import Density
from geolocdesk.estimation.location import LocationEstimate, Region
from geolocdesk.estimation.region import density_surface
from geolocdesk.reference.neighbours import Neighbours


@dataclass(frozen=True, slots=True, eq=False)
class AnalysisView:
    """One analysis with what follows from it."""

    analysis: Analysis
    carriers: Mapping[int, float]
    """The ranks that carry the answer, each with its share of the density there."""
    overlay: Overlay
    has_surface: bool
    """Whether the overlay draws the density, too, which takes most of the time."""


def view_of(analysis: Analysis, *, with_surface: bool = True) -> AnalysisView:
    """Return what the panels need; takes a while, so call it on another thread."""
    neighbours, estimate = analysis.neighbours, analysis.estimate
    return AnalysisView(
        analysis=analysis,
        carriers=find_carriers(neighbours, estimate),
        overlay=overlay_of(analysis, bands=_surface(neighbours, estimate) if with_surface else ()),
        has_surface=with_surface,
    )


def _surface(neighbours: Neighbours, estimate: LocationEstimate) -> tuple[Region, ...]:
    count = len(estimate.weights)
    density = Density(
        latitudes=neighbours.latitudes()[:count],
        longitudes=neighbours.longitudes()[:count],
        weights=estimate.weights,
        bandwidth_deg=estimate.parameters.bandwidth_deg,
    )
    return density_surface(density, BAND_MASSES)
