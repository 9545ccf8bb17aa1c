from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from geolocdesk.evidence.colour import flatten

DrawScene = Callable[..., Image.Image]


def pixels(image: Image.Image) -> NDArray[np.int64]:
    return np.asarray(image).astype(np.int64)


def largest_difference(one: Image.Image, other: Image.Image) -> int:
    return int(np.abs(pixels(one) - pixels(other)).max())


def test_rgb_is_left_as_it_is(draw_scene: DrawScene) -> None:
    image = draw_scene()
    image.info["icc_profile"] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    flat, remarks = flatten(image)
    assert flat is image
    assert remarks == ()


@pytest.mark.parametrize("mode", ["1", "L", "RGBX", "RGBA", "RGBa", "LA", "La", "YCbCr", "HSV"])
def test_opaque_pictures_of_every_mode_look_the_same_and_need_no_remark(
    draw_scene: DrawScene, mode: str
) -> None:
    grey = mode in {"1", "L", "LA", "La"}
    scene = draw_scene().convert("1" if mode == "1" else "L").convert("RGB") if grey else draw_scene()
    image = scene.convert({"RGBa": "RGBA", "La": "LA"}.get(mode, mode)).convert(mode)
    flat, remarks = flatten(image)
    assert flat.mode == "RGB"
    assert remarks == ()
    assert largest_difference(flat, scene) <= {"YCbCr": 3, "HSV": 12}.get(mode, 0)


@pytest.mark.parametrize("mode", ["P", "PA"])
def test_palettes_are_looked_up(draw_scene: DrawScene, mode: str) -> None:
    image = draw_scene().quantize(64)
    flat, remarks = flatten(image.convert(mode))
    palette = np.array(image.getpalette()).reshape(-1, 3)
    np.testing.assert_array_equal(pixels(flat), palette[pixels(image)])
    assert remarks == ()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "RGBa"])
def test_transparent_parts_are_laid_on_white(draw_scene: DrawScene, mode: str) -> None:
    scene = draw_scene()
    alpha = Image.linear_gradient("L").resize(scene.size)
    image = scene.convert("LA" if mode == "LA" else "RGBA")
    image.putalpha(alpha)
    flat, remarks = flatten(image.convert(mode))
    assert remarks == ("Transparent parts were laid on white.",)
    opaque = pixels(scene.convert("L").convert("RGB") if mode == "LA" else scene)
    share = pixels(alpha)[..., None] / 255
    expected = share * opaque + (1 - share) * 255
    assert np.abs(pixels(flat) - expected).max() <= (2.0 if mode == "RGBa" else 1.0)


@pytest.mark.parametrize(
    ("mode", "transparent"), [("P", 0), ("P", b"\x00\xff"), ("L", 0), ("RGB", (9, 9, 9))]
)
def test_a_transparent_colour_turns_white(mode: str, transparent: object) -> None:
    image = Image.new("RGB", (4, 2), (9, 9, 9))
    image.paste((200, 200, 200), (0, 0, 2, 2))
    image = image.quantize(2) if mode == "P" else image.convert(mode)
    dark = image.getpixel((3, 0))
    if mode == "P" and dark != 0:
        transparent = dark if isinstance(transparent, int) else b"\xff\x00"
    image.info["transparency"] = dark if mode == "L" else transparent
    flat, remarks = flatten(image)
    assert remarks == ("Transparent parts were laid on white.",)
    assert flat.getpixel((3, 0)) == (255, 255, 255)
    assert flat.getpixel((0, 0)) == (200, 200, 200)


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I;16L"])
def test_16_bit_grey_is_scaled_and_rounded(mode: str) -> None:
    values = np.array([[0, 128, 129, 257, 32767, 32768, 65278, 65535]], dtype=np.uint16)
    data = values.astype(">u2" if mode == "I;16B" else "<u2").tobytes()
    flat, remarks = flatten(Image.frombytes(mode, (8, 1), data))
    assert flat.mode == "RGB"
    np.testing.assert_array_equal(pixels(flat)[0, :, 0], np.floor(values[0] * (255 / 65535) + 0.5))
    assert len(remarks) == 1


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_32_bit_values_are_stretched(dtype: type[np.generic]) -> None:
    values = np.array([[-1000, 0, 1000, 3000]], dtype=dtype)
    flat, remarks = flatten(Image.fromarray(values))
    np.testing.assert_array_equal(pixels(flat)[0, :, 1], [0, 64, 128, 255])
    assert remarks == ("32-bit values from -1000 to 3000 were stretched to 8 bits.",)


def test_32_bit_pictures_without_contrast_or_with_nan_do_no_harm() -> None:
    for values in (np.full((2, 2), 7.5), np.array([[np.nan, np.inf], [0.0, -np.inf]])):
        flat, _ = flatten(Image.fromarray(values.astype(np.float32)))
        assert pixels(flat).max() == 0


def test_cmyk_without_a_profile_is_converted_plainly(draw_scene: DrawScene) -> None:
    flat, remarks = flatten(draw_scene().convert("CMYK"))
    assert largest_difference(flat, draw_scene()) <= 1
    assert remarks == ("CMYK colours were converted without a colour profile.",)


def test_an_unusable_cmyk_profile_is_passed_over(draw_scene: DrawScene) -> None:
    image = draw_scene().convert("CMYK")
    image.info["icc_profile"] = b"no profile at all"
    flat, remarks = flatten(image)
    assert largest_difference(flat, draw_scene()) <= 1
    assert remarks == ("CMYK colours were converted without a colour profile.",)


def test_lab_is_converted_as_littlecms_does(draw_scene: DrawScene) -> None:
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    scene = draw_scene().point(lambda value: 64 + value // 2)
    image = ImageCms.applyTransform(scene, to_lab)
    assert image is not None
    flat, _ = flatten(image)
    assert np.abs(pixels(flat) - pixels(scene)).mean() < 1.5
    assert largest_difference(flat, scene) < 12
