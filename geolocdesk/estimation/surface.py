"""What is drawn as the probability surface of an answer: nested regions of its density."""

from collections.abc import Sequence

from geolocdesk.estimation.cells import CellDensity, cell_regions
from geolocdesk.estimation.estimate import density_behind
from geolocdesk.estimation.location import LocationEstimate, Region
from geolocdesk.estimation.region import SURFACE_MASSES, density_surface
from geolocdesk.reference.neighbours import Neighbours


def answer_surface(
    neighbours: Neighbours, estimate: LocationEstimate, masses: Sequence[float] = SURFACE_MASSES
) -> tuple[Region, ...]:
    """Return nested regions of the density behind an answer: of the cells where it rests on classes of places."""
    if estimate.cells is not None:
        return cell_regions(CellDensity(estimate.cells.bounds, estimate.cells.probabilities), masses)
    return density_surface(density_behind(neighbours, estimate), masses)
