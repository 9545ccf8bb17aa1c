"""The parameters an estimate is made with where nobody chooses others: they follow from the pack's model."""

from geolocdesk.errors import UsageError
from geolocdesk.estimation.location import EstimationParameters, EstimatorName

FUSED_BANDWIDTH_DEG = 1.0
"""Where the classes have decided between regions, a narrower kernel is better at every level."""

GEOCLIP_NEIGHBOURS = 1000
"""Its softmax falls slowly, so that the mass of a hundred places is a small part of the whole."""


def usual_choices(
    softmax_scale: float | None, *, has_classes: bool = False
) -> tuple[EstimationParameters, ...]:
    """Return the usual parameters of every estimator that a pack's model serves, the one that suits it first."""
    names: list[EstimatorName] = ["sphere", "nearest", "vo2017"]
    if has_classes:
        names += ["classes", "fused"]
    if softmax_scale is not None:
        names.append("geoclip")
    suiting = usual_parameters(None, softmax_scale, has_classes=has_classes)
    others = (usual_parameters(name, softmax_scale, has_classes=has_classes) for name in names)
    return suiting, *(other for other in others if other.estimator != suiting.estimator)


def usual_parameters(
    estimator: EstimatorName | None, softmax_scale: float | None, *, has_classes: bool = False
) -> EstimationParameters:
    """Return the usual parameters of an estimator, by default the one that suits the pack's model.

    That is ``geoclip`` for a model with a ``softmax_scale``, ``fused`` for one that was trained on classes of places,
    and ``sphere`` for any other. Raises UsageError where the estimator needs a scale and there is none.
    """
    suitable: EstimatorName = "fused" if has_classes else "sphere"
    chosen = estimator or (suitable if softmax_scale is None else "geoclip")
    if chosen == "fused":
        return EstimationParameters(estimator=chosen, bandwidth_deg=FUSED_BANDWIDTH_DEG)
    if chosen != "geoclip":
        return EstimationParameters(estimator=chosen)
    if softmax_scale is None:
        message = "The estimator geoclip needs a pack of places made with a GeoCLIP model; choose sphere, nearest or vo2017."
        raise UsageError(message)
    return EstimationParameters(estimator=chosen, neighbours=GEOCLIP_NEIGHBOURS, exponent=softmax_scale)
