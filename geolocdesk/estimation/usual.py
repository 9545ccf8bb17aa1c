"""The parameters an estimate is made with where nobody chooses others: they follow from the pack's model."""

from geolocdesk.errors import UsageError
from geolocdesk.estimation.location import EstimationParameters, EstimatorName

GEOCLIP_NEIGHBOURS = 1000
"""Its softmax falls slowly, so that the mass of a hundred places is a small part of the whole."""


def usual_parameters(estimator: EstimatorName | None, softmax_scale: float | None) -> EstimationParameters:
    """Return the usual parameters of an estimator, by default the one that suits the pack's model.

    ``softmax_scale`` is the model's own, None for a model that has none. Raises UsageError where the estimator needs
    one.
    """
    chosen = estimator or ("sphere" if softmax_scale is None else "geoclip")
    if chosen != "geoclip":
        return EstimationParameters(estimator=chosen)
    if softmax_scale is None:
        message = "The estimator geoclip needs a pack of places made with a GeoCLIP model; choose sphere, nearest or vo2017."
        raise UsageError(message)
    return EstimationParameters(estimator=chosen, neighbours=GEOCLIP_NEIGHBOURS, exponent=softmax_scale)
