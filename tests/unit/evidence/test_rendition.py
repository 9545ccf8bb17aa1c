import io
import json
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from geolocdesk.evidence.rendition import Rendition, Resample, jpeg_denominator, render, scaled_size

SIZES = [(288, 288), (640, 480), (480, 641), (333, 250), (101, 57), (224, 225), (1, 5), (50, 1201)]


def picture(size: tuple[int, int]) -> Image.Image:
    """Draw noise over a gradient, so that every pixel and every rounding shows."""
    width, height = size
    generator = np.random.default_rng(width * 7919 + height)
    pixels = generator.integers(0, 256, (height, width, 3))
    return Image.fromarray(((pixels + np.arange(width)[None, :, None]) % 256).astype(np.uint8))


def torchvision_pixels(
    image: Image.Image, short_px: int | None, square_px: int | None, resample: Resample
) -> NDArray[np.uint8]:
    from torchvision.transforms import CenterCrop, InterpolationMode, Resize

    if short_px is not None:
        image = Resize(short_px, interpolation=InterpolationMode(resample))(image)
    if square_px is not None:
        image = CenterCrop(square_px)(image)
    return np.asarray(image)


@pytest.mark.parametrize(("size", "resample"), list(product(SIZES, ("bicubic", "bilinear", "lanczos"))))
def test_scaling_and_cut_equal_torchvision_bit_for_bit(size: tuple[int, int], resample: Resample) -> None:
    image = picture(size)
    for short_px, square_px in ((224, 224), (256, 224), (57, 56), (57, 60), (33, None), (None, 100)):
        ours = render(image, Rendition(short_side_px=short_px, square_px=square_px, resample=resample))
        theirs = torchvision_pixels(image, short_px, square_px, resample)
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("size", SIZES)
def test_crop_first_equals_torchvision_in_the_other_order(size: tuple[int, int]) -> None:
    from torchvision.transforms import CenterCrop, InterpolationMode, Resize

    image = picture(size)
    theirs = Resize(224, interpolation=InterpolationMode.BICUBIC)(CenterCrop(min(size))(image))
    ours = render(image, Rendition(square_px=224, crop_first=True))
    np.testing.assert_array_equal(ours, np.asarray(theirs))


@pytest.mark.parametrize(
    ("size", "long_px", "expected"),
    [
        ((400, 300), 200, (200, 150)),
        ((300, 400), 200, (150, 200)),
        ((400, 300), 400, (400, 300)),
        ((40, 30), 200, (40, 30)),
        ((9000, 2), 100, (100, 1)),
    ],
)
def test_long_side_fits_and_never_enlarges(
    size: tuple[int, int], long_px: int, expected: tuple[int, int]
) -> None:
    assert scaled_size(size, Rendition(long_side_px=long_px)) == expected
    assert render(picture(size), Rendition(long_side_px=long_px)).shape == (*expected[::-1], 3)


def test_without_a_size_the_pixels_are_the_pictures_own() -> None:
    image = picture((37, 23))
    np.testing.assert_array_equal(render(image, Rendition()), np.asarray(image))


def test_jpeg_encoding_is_a_file_of_the_same_picture() -> None:
    image = Image.linear_gradient("L").convert("RGB")
    encoded = render(image, Rendition(long_side_px=64, encoding="jpeg"))
    assert encoded.ndim == 1
    with Image.open(io.BytesIO(encoded.tobytes())) as decoded:
        assert (decoded.format, decoded.size) == ("JPEG", (64, 64))
        shown = np.asarray(decoded).astype(int)
    expected = render(image, Rendition(long_side_px=64)).astype(int)
    assert np.abs(shown - expected).max() < 12


def test_rendered_pixels_are_read_only() -> None:
    assert not render(picture((8, 8)), Rendition()).flags.writeable
    assert not render(picture((8, 8)), Rendition(encoding="jpeg")).flags.writeable


@pytest.mark.parametrize(
    ("size", "short_px", "denominator"),
    [
        ((4032, 3024), 224, 4),  # 3024 / 4 = 756 ≥ 448, but 3024 / 8 = 378 is not
        ((3584, 5000), 224, 8),  # exactly twice what is asked
        ((3583, 5000), 224, 4),
        ((896, 896), 224, 2),
        ((895, 2000), 224, 1),
        ((100, 100), 224, 1),
    ],
)
def test_jpeg_scaling_leaves_at_least_twice_what_is_asked(
    size: tuple[int, int], short_px: int, denominator: int
) -> None:
    rendition = Rendition(short_side_px=short_px, square_px=short_px, jpeg_scaling=True)
    assert jpeg_denominator(size, rendition) == denominator
    assert jpeg_denominator(size, Rendition(short_side_px=short_px)) == 1
    authors = Rendition(square_px=short_px, crop_first=True, jpeg_scaling=True)
    assert jpeg_denominator(size, authors) == denominator


def test_a_rendition_survives_json() -> None:
    rendition = Rendition(short_side_px=256, square_px=224, resample="bilinear", jpeg_scaling=True)
    assert Rendition.from_json(json.loads(json.dumps(rendition.to_json()))) == rendition


@pytest.mark.parametrize(
    "fields",
    [
        {"short_side_px": 0},
        {"short_side_px": 5, "long_side_px": 5},
        {"crop_first": True},
        {"crop_first": True, "square_px": 5, "short_side_px": 5},
        {"resample": "nearest"},
        {"encoding": "png"},
    ],
)
def test_a_senseless_rendition_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"side|crop_first|unknown"):
        Rendition(**fields)  # type: ignore[arg-type]


def test_only_rgb_is_rendered() -> None:
    with pytest.raises(ValueError, match="only RGB"):
        render(Image.new("L", (4, 4)), Rendition())
