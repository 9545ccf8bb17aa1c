import pytest

from geolocdesk.errors import ModelError
from geolocdesk.features.architecture import (
    EFFICIENTNET_LITE0_POOLING,
    VGG16_GMP_POOLING,
    Pooling,
    architecture_named,
)


@pytest.mark.parametrize(
    ("name", "pooling", "dimension"),
    [("efficientnet-lite0", EFFICIENTNET_LITE0_POOLING, 1504), ("vgg16", VGG16_GMP_POOLING, 512)],
)
def test_the_dimension_is_that_of_the_parts_joined(
    name: str, pooling: tuple[Pooling, ...], dimension: int
) -> None:
    assert architecture_named(name).dimension(pooling) == dimension


def test_an_unknown_network_is_refused_with_those_known() -> None:
    with pytest.raises(ModelError, match=r"no network “resnet50” \(it knows efficientnet-lite0, vgg16\)"):
        architecture_named("resnet50")


@pytest.mark.parametrize("pooling", [(), (Pooling("block-3", "mean"),)])
def test_an_unknown_feature_map_is_refused(pooling: tuple[Pooling, ...]) -> None:
    with pytest.raises(
        ModelError, match="has the feature maps block-7, block-8, block-10, block-12, block-15, final, not"
    ):
        architecture_named("efficientnet-lite0").dimension(pooling)


def test_a_pooling_survives_json() -> None:
    pooling = Pooling("block-10", "std")
    assert Pooling.from_json(pooling.to_json()) == pooling


@pytest.mark.parametrize(
    "value", [None, "mean", {}, {"feature_map": "final"}, {"feature_map": 3, "statistic": "mean"}]
)
def test_a_damaged_pooling_is_refused(value: object) -> None:
    with pytest.raises(ModelError, match="pooling cannot be used"):
        Pooling.from_json(value)  # type: ignore[arg-type]


def test_an_unknown_statistic_is_refused() -> None:
    with pytest.raises(ModelError, match="unknown statistic"):
        Pooling.from_json({"feature_map": "final", "statistic": "median"})
