"""Everything the panels draw of one analysis, worked out off the GUI thread."""

from collections.abc import Mapping
from dataclasses import dataclass

from geolocdesk.analysis import Analysis
from geolocdesk.cartography.overlay import Overlay, overlay_of
from geolocdesk.estimation.carriers import find_carriers


@dataclass(frozen=True, slots=True, eq=False)
class AnalysisView:
    """One analysis with what follows from it."""

    analysis: Analysis
    carriers: Mapping[int, float]
    """The ranks that carry the answer, each with its share of the density there."""
    overlay: Overlay


def view_of(analysis: Analysis) -> AnalysisView:
    """Return what the panels need; takes a while, so call it on another thread."""
    return AnalysisView(
        analysis=analysis,
        carriers=find_carriers(analysis.neighbours, analysis.estimate),
        overlay=overlay_of(analysis),
    )
