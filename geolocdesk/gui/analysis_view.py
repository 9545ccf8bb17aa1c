"""Everything the panels draw of one analysis. Worked out in an engine of its own, so nothing here may import Qt."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from geolocdesk.analysis import Analysis
from geolocdesk.cartography.frame import Bounds, Frame
from geolocdesk.cartography.overlay import BAND_MASSES, overlay_of
from geolocdesk.cartography.place_names import PlaceName, find_place, place_finder
from geolocdesk.engine.workshop import Workshop
from geolocdesk.estimation.carriers import find_carriers
from geolocdesk.estimation.surface import answer_surface
from geolocdesk.geodesy import Position
from geolocdesk.progress import ProgressCallback

_NAMED_NEIGHBOURS = 24
"""As many as a gallery shows before anybody scrolls."""


@dataclass(frozen=True, slots=True, eq=False)
class WrittenOverlay:
    """An overlay as the map takes it: written out, with the boxes to fit the view to."""

    frame: Frame
    bounds: Mapping[str, Bounds]
    json_text: str


@dataclass(frozen=True, slots=True, eq=False)
class AnalysisView:
    """What follows from one analysis."""

    analysis_id: str
    carriers: Mapping[int, float]
    """The ranks that carry the answer, each with its share of the density there."""
    overlay: WrittenOverlay
    has_surface: bool
    """Whether the overlay draws the density, too, which takes most of the time."""
    places: Mapping[Position, PlaceName]
    """The names of the places that the panels show first."""


def view_of(analysis: Analysis, *, with_surface: bool = True) -> AnalysisView:
    """Return what the panels need; takes some tenths of a second, most of it for the surface."""
    neighbours, estimate = analysis.neighbours, analysis.estimate
    overlay = overlay_of(
        analysis, bands=answer_surface(neighbours, estimate, BAND_MASSES) if with_surface else ()
    )
    return AnalysisView(
        analysis_id=analysis.analysis_id,
        carriers=find_carriers(neighbours, estimate),
        overlay=WrittenOverlay(overlay.frame, overlay.bounds, overlay.json_text),
        has_surface=with_surface,
        places={position: find_place(position) for position in _first_shown(analysis)},
    )


@dataclass(frozen=True, slots=True)
class PrepareDrawing:
    """Load what the first view would otherwise wait for; yields nothing."""

    subject = None
    prepares = False

    def run(self, _workshop: Workshop, _progress: ProgressCallback) -> Iterator[None]:
        """Load the tables of place names."""
        place_finder()
        yield from ()


@dataclass(frozen=True, slots=True, eq=False)
class DrawAnalysis:
    """Work out the view of one analysis; yields one AnalysisView.

    Of requests with the same ``subject`` only the newest counts; those without one wait behind them.
    """

    analysis: Analysis
    with_surface: bool
    subject: str | None = None

    prepares = False

    def run(self, _workshop: Workshop, _progress: ProgressCallback) -> Iterator[AnalysisView]:
        """Work it out."""
        yield view_of(self.analysis, with_surface=self.with_surface)


def _first_shown(analysis: Analysis) -> set[Position]:
    levels = (answer.position for answer in analysis.estimate.levels)
    nearest = (item.reference.position for item in analysis.neighbours.items[:_NAMED_NEIGHBOURS])
    return {analysis.estimate.position, *levels, *nearest}
