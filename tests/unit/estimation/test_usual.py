import pytest

from geolocdesk.errors import UsageError
from geolocdesk.estimation.location import EstimationParameters
from geolocdesk.estimation.usual import usual_choices, usual_parameters


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


def test_every_estimator_that_the_model_serves_is_offered_with_its_usual_parameters() -> None:
    assert [choice.estimator for choice in usual_choices(None)] == ["sphere", "nearest", "vo2017"]
    with_classes = usual_choices(None, has_classes=True)
    assert [choice.estimator for choice in with_classes] == [
        "fused",
        "sphere",
        "nearest",
        "vo2017",
        "classes",
    ]
    places = usual_choices(39.7)
    assert places[0] == usual_parameters("geoclip", 39.7)
    assert all(choice == usual_parameters(choice.estimator, 39.7) for choice in places)
