"""Which neighbours an answer rests on."""

import numpy as np

from geolocdesk.estimation.estimate import density_behind
from geolocdesk.estimation.location import LocationEstimate
from geolocdesk.reference.neighbours import Neighbours

CARRIED_SHARE = 0.8
"""The carriers are the fewest neighbours that together make this share of the density at the answer."""


def find_carriers(neighbours: Neighbours, estimate: LocationEstimate) -> dict[int, float]:
    """Return the ranks that carry the answer, each with its share (0–1) of the density there, largest first.

    The estimator ``nearest`` rests on its one neighbour, whatever the others say, and ``classes`` on none.
    """
    if estimate.parameters.estimator == "classes":
        return {}
    if estimate.parameters.estimator == "nearest":
        return {neighbours.items[0].rank: 1.0}
    density = density_behind(neighbours, estimate)
    shares = density.contributions(estimate.position)
    order = np.argsort(-shares, kind="stable")
    needed = int(np.searchsorted(np.cumsum(shares[order]), CARRIED_SHARE)) + 1
    return {neighbours.items[place].rank: float(shares[place]) for place in order[:needed].tolist()}
