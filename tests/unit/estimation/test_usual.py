import pytest

from geolocdesk.errors import UsageError
from geolocdesk.estimation.location import EstimationParameters
from geolocdesk.estimation.usual import usual_parameters


@pytest.mark.parametrize(
    ("softmax_scale", "has_classes", "estimator"),
    [(None, False, "sphere"), (None, True, "fused"), (39.7, False, "geoclip")],
)
def test_the_estimator_follows_from_the_model(
    softmax_scale: float | None, has_classes: bool, estimator: str
) -> None:
    assert usual_parameters(None, softmax_scale, has_classes=has_classes).estimator == estimator


def test_fused_has_a_narrower_kernel_and_the_others_their_own() -> None:
    assert usual_parameters("fused", None) == EstimationParameters(estimator="fused", bandwidth_deg=1.0)
    assert usual_parameters("sphere", None, has_classes=True) == EstimationParameters()
    assert usual_parameters("geoclip", 39.7).exponent == 39.7
    with pytest.raises(UsageError, match="GeoCLIP"):
        usual_parameters("geoclip", None)
