from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from geolocdesk.errors import ModelError, UsageError
from geolocdesk.evidence.rendition import Rendition, render
from geolocdesk.features.preparation import (
    AUTHORS,
    EFFICIENTNET_LITE0,
    TORCHVISION,
    Normalisation,
    Preparation,
)


def photo(width: int, height: int) -> Image.Image:
    generator = np.random.default_rng(width)
    small = generator.integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def prepared(preparation: Preparation, image: Image.Image) -> NDArray[np.float32]:
    return preparation.normalisation.apply(render(image, preparation.rendition)[None])


def test_efficientnet_lite0_subtracts_127_and_divides_by_128_exactly() -> None:
    values = np.arange(256, dtype=np.uint8)
    pictures = np.repeat(values, 3).reshape(1, 16, 16, 3)
    expected = (np.arange(256, dtype=np.float64) - 127) / 128
    result = EFFICIENTNET_LITE0.normalisation.apply(pictures)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result.reshape(256, 3), np.repeat(expected, 3).reshape(256, 3))


def test_the_authors_preparation_is_their_released_programs() -> None:
    """Section 7 of the method, in plain steps: centred square, 224 × 224, minus 100, blue first."""
    image = photo(500, 301)
    left = round((500 - 301) / 2)
    square = image.crop((left, 0, left + 301, 301)).resize((224, 224), Image.Resampling.BICUBIC)
    expected = np.asarray(square, np.float64)[:, :, ::-1] - 100.0
    np.testing.assert_array_equal(prepared(AUTHORS, image)[0], expected)


@pytest.mark.parametrize("size", [(640, 480), (333, 512), (256, 256), (90, 301)])
def test_the_torchvision_preparation_is_what_its_weights_come_with(size: tuple[int, int]) -> None:
    import torchvision

    transforms: Any = torchvision.models.VGG16_Weights.IMAGENET1K_V1.transforms()
    image = photo(*size)
    expected = transforms(image).permute(1, 2, 0).numpy()
    np.testing.assert_allclose(prepared(TORCHVISION, image)[0], expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("side_px", [160, 288])
def test_another_size_shows_the_same_part_of_the_photo(side_px: int) -> None:
    image = photo(448, 448)
    for preparation in (EFFICIENTNET_LITE0, TORCHVISION, AUTHORS):
        resized = preparation.resized(side_px)
        assert resized.side_px == side_px
        assert resized.normalisation == preparation.normalisation
        picture = render(image, resized.rendition)
        shown = np.asarray(
            Image.fromarray(render(image, preparation.rendition)).resize((side_px, side_px)), np.float64
        )
        assert np.abs(shown - picture).mean() < 6.0


@pytest.mark.parametrize("side_px", [0, 5000])
def test_an_impossible_size_is_refused(side_px: int) -> None:
    with pytest.raises(UsageError, match=f"{side_px} × {side_px}"):
        EFFICIENTNET_LITE0.resized(side_px)


def test_channels_go_with_their_own_mean_and_scale() -> None:
    normalisation = Normalisation((1.0, 2.0, 3.0), (10.0, 20.0, 30.0), "BGR")
    red_green_blue = np.array([[[[101, 102, 103]]]], np.uint8)
    np.testing.assert_allclose(
        normalisation.apply(red_green_blue)[0, 0, 0], [(103 - 1) / 10, (102 - 2) / 20, (101 - 3) / 30]
    )


def test_the_default_takes_scaled_jpegs_and_the_compatible_ones_do_not() -> None:
    assert EFFICIENTNET_LITE0.rendition.jpeg_scaling
    assert not TORCHVISION.rendition.jpeg_scaling
    assert not AUTHORS.rendition.jpeg_scaling


@pytest.mark.parametrize("preparation", [EFFICIENTNET_LITE0, TORCHVISION, AUTHORS])
def test_a_preparation_survives_json(preparation: Preparation) -> None:
    assert Preparation.from_json(preparation.to_json()) == preparation


@pytest.mark.parametrize(
    "rendition",
    [Rendition(), Rendition(square_px=224, encoding="jpeg"), Rendition(square_px=50_000)],
)
def test_a_network_takes_square_plain_pictures_of_a_sensible_size(rendition: Rendition) -> None:
    with pytest.raises(ValueError, match=r"square|pixels"):
        Preparation(rendition, EFFICIENTNET_LITE0.normalisation)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"mean": [1, 2]}, "three numbers"),
        ({"mean": [1, 2, "3"]}, "three numbers"),
        ({"mean": "127"}, "not a list"),
        ({"mean": [float("nan"), 0, 0]}, "no usable normalisation"),
        ({"scale": [1, 0, 1]}, "no usable normalisation"),
        ({"channels": "GBR"}, "no usable normalisation"),
        ({"channels": 3}, "not text"),
    ],
)
def test_a_damaged_normalisation_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        Normalisation.from_json({**AUTHORS.normalisation.to_json(), **change})


@pytest.mark.parametrize(
    "rendition",
    [
        {"square_px": 224.5},
        {"square_px": "224"},
        {"square_px": -1},
        {"square_px": True},
        {"colour": "sepia"},
        {},
    ],
)
def test_a_damaged_rendition_is_refused(rendition: dict[str, Any]) -> None:
    value = AUTHORS.to_json()
    value["rendition"] = {**AUTHORS.rendition.to_json(), **rendition} if rendition else None
    with pytest.raises(ModelError, match="cannot be used"):
        Preparation.from_json(value)
