import io
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import ExifTags, Image, ImageFile, ImageOps

from geolocdesk.evidence.formats import JPEG, PhotoFormat, recognise_format
from geolocdesk.evidence.picture import DecodedPhoto, decode
from geolocdesk.evidence.pillow import DecodingError, faults_as_decoding_errors, open_image
from geolocdesk.evidence.rendition import Rendition, render

DrawScene = Callable[..., Image.Image]
MAX_PIXELS = 10_000_000


def encoded(image: Image.Image, name: str, **options: object) -> bytes:
    stream = io.BytesIO()
    if name == "HEIF":
        pillow_heif.from_pillow(image).save(stream, **options)
    else:
        image.save(stream, name, **options)
    return stream.getvalue()


def format_of(content: bytes) -> PhotoFormat:
    photo_format = recognise_format(content)
    assert photo_format is not None
    return photo_format


def decoded(content: bytes, *renditions: Rendition, max_pixels: int = MAX_PIXELS) -> DecodedPhoto:
    return decode(content, format_of(content), renditions or (Rendition(),), max_pixels)


def opened_upright(content: bytes) -> Image.Image:
    """Decode as Pillow's own documentation says it is done."""
    with Image.open(io.BytesIO(content)) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


def with_orientation(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return exif


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_applied_as_pillow_does(
    draw_scene: DrawScene, name: str, orientation: int
) -> None:
    content = encoded(draw_scene(), name, exif=with_orientation(orientation))
    photo = decoded(content)
    expected = opened_upright(content)
    np.testing.assert_array_equal(photo.pictures[0], np.asarray(expected))
    assert (photo.width_px, photo.height_px) == expected.size == ((80, 120) if orientation > 4 else (120, 80))
    assert photo.orientation == orientation
    assert photo.remarks == ()


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_heic_turns_its_pictures_itself(draw_scene: DrawScene, orientation: int) -> None:
    upright = draw_scene()
    stored = encoded(upright, "HEIF", exif=with_orientation(orientation).tobytes(), quality=100)
    photo = decoded(stored)
    expected = ImageOps.exif_transpose(_with_exif(upright, orientation))
    assert photo.pictures[0].shape[:2] == (expected.height, expected.width)
    assert np.abs(photo.pictures[0].astype(int) - np.asarray(expected).astype(int)).mean() < 6
    assert photo.orientation == 1


def _with_exif(image: Image.Image, orientation: int) -> Image.Image:
    return Image.open(io.BytesIO(encoded(image, "PNG", exif=with_orientation(orientation))))


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_impossible_orientation_is_none(draw_scene: DrawScene, orientation: int) -> None:
    photo = decoded(encoded(draw_scene(), "JPEG", exif=with_orientation(orientation)))
    assert (photo.orientation, photo.width_px) == (1, 120)


def test_png_orientation_after_the_pixels_counts(draw_scene: DrawScene) -> None:
    content = encoded(draw_scene(), "PNG", exif=with_orientation(6))
    start = content.index(b"eXIf") - 4
    chunk = content[start : start + 12 + int.from_bytes(content[start : start + 4], "big")]
    end = content.index(b"IEND") - 4
    moved = content[:start] + content[start + len(chunk) : end] + chunk + content[end:]
    assert (decoded(moved).orientation, decoded(moved).width_px) == (6, 80)


def test_each_rendition_is_what_it_would_be_alone(draw_scene: DrawScene) -> None:
    content = encoded(draw_scene(1200, 900), "JPEG", exif=with_orientation(6))
    renditions = (
        Rendition(short_side_px=56, square_px=56, jpeg_scaling=True),
        Rendition(short_side_px=56, square_px=56),
        Rendition(long_side_px=300, jpeg_scaling=True),
        Rendition(long_side_px=100, encoding="jpeg", jpeg_scaling=True),
        Rendition(),
    )
    together = decoded(content, *renditions)
    for rendition, picture in zip(renditions, together.pictures, strict=True):
        np.testing.assert_array_equal(picture, decoded(content, rendition).pictures[0])
    assert not np.array_equal(together.pictures[0], together.pictures[1])
    assert (together.width_px, together.height_px) == (900, 1200)


def test_jpeg_scaling_is_libjpegs(draw_scene: DrawScene) -> None:
    content = encoded(draw_scene(1201, 899), "JPEG")
    with Image.open(io.BytesIO(content)) as image:
        image.draft("RGB", (1201 // 4, 899 // 4))
        assert image.size == (301, 225)
        expected = render(image.convert("RGB"), Rendition(short_side_px=100))
    photo = decoded(content, Rendition(short_side_px=100, jpeg_scaling=True))
    np.testing.assert_array_equal(photo.pictures[0], expected)
    assert (photo.width_px, photo.height_px) == (1201, 899)


def test_only_jpeg_is_scaled_while_decoding(draw_scene: DrawScene) -> None:
    content = encoded(draw_scene(400, 400), "WEBP", lossless=True)
    scaled, plain = decoded(
        content, Rendition(short_side_px=20, jpeg_scaling=True), Rendition(short_side_px=20)
    ).pictures
    np.testing.assert_array_equal(scaled, plain)


def test_without_renditions_a_photo_is_decoded_all_the_same(draw_scene: DrawScene) -> None:
    content = encoded(draw_scene(), "PNG")
    photo = decode(content, format_of(content), (), MAX_PIXELS)
    assert (photo.pictures, photo.width_px) == ((), 120)
    with pytest.raises(DecodingError):
        decode(content[:60], format_of(content), (), MAX_PIXELS)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF"])
def test_a_photo_cut_short_is_used_and_said_to_be(draw_scene: DrawScene, name: str) -> None:
    content = encoded(draw_scene(400, 300), name, interlace=0)
    whole = opened_upright(content)
    photo = decoded(content[: len(content) * 6 // 10])
    assert photo.pictures[0].shape == (300, 400, 3)
    (remark,) = photo.remarks
    assert remark.startswith("The file is damaged or cut short; about ")
    share = int(remark.split("about ")[1].split("%")[0])
    assert 35 <= share <= 75
    top = np.asarray(whole)[: 300 * share // 100 - 20]
    np.testing.assert_array_equal(photo.pictures[0][: len(top)], top)


def test_a_photo_cut_short_is_scaled_while_decoding_too(draw_scene: DrawScene) -> None:
    content = encoded(draw_scene(1200, 900), "JPEG")
    photo = decoded(
        content[: len(content) * 6 // 10],
        Rendition(short_side_px=100, jpeg_scaling=True),
        max_pixels=1200 * 900,
    )
    assert (photo.width_px, photo.height_px, photo.pictures[0].shape) == (1200, 900, (100, 133, 3))
    assert "damaged or cut short" in photo.remarks[0]


@pytest.mark.parametrize("name", ["MPO", "CMYK"])
def test_every_kind_of_jpeg_can_be_scaled_while_decoding(draw_scene: DrawScene, name: str) -> None:
    scene = draw_scene(800, 800)
    if name == "MPO":
        content = encoded(scene, "MPO", save_all=True, append_images=[ImageOps.invert(scene)])
    else:
        content = encoded(scene.convert("CMYK"), "JPEG")
    scaled, plain = decoded(
        content, Rendition(short_side_px=100, jpeg_scaling=True), Rendition(short_side_px=100)
    ).pictures
    assert scaled.shape == plain.shape
    assert 0 < np.abs(scaled.astype(int) - plain.astype(int)).mean() < 3


@pytest.mark.parametrize("name", ["BMP", "GIF"])
def test_where_rows_are_not_stored_from_the_top_no_share_is_claimed(draw_scene: DrawScene, name: str) -> None:
    content = encoded(draw_scene(400, 300), name, interlace=1)
    photo = decoded(content[: len(content) * 6 // 10])
    assert photo.remarks == (
        "The file is damaged or cut short; what could be decoded of its picture was used.",
    )


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF"])
def test_a_photo_of_which_only_the_header_is_left_is_damaged(draw_scene: DrawScene, name: str) -> None:
    content = encoded(draw_scene(400, 300), name)
    header = {"JPEG": content.find(b"\xff\xda") + 14, "BMP": 54, "TIFF": 8, "GIF": 13, "PNG": 49}
    kept = header.get(name, len(content) // 50)
    with pytest.raises(DecodingError) as caught:
        decoded(content[:kept])
    assert caught.value.kind == "damaged"
    assert "0x" not in caught.value.reason


def test_too_little_of_a_picture_is_no_picture(draw_scene: DrawScene) -> None:
    content = encoded(draw_scene(400, 300), "JPEG")
    start = content.index(b"\xff\xda") + 14
    with pytest.raises(DecodingError, match=r"no more than [56]% of its picture"):
        decoded(content[: start + 100])


def test_reading_damaged_files_leaves_pillow_strict(draw_scene: DrawScene) -> None:
    content = encoded(draw_scene(400, 300), "JPEG")
    decoded(content[: len(content) // 2])
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_the_pixel_limit_holds_before_anything_is_decoded(draw_scene: DrawScene) -> None:
    content = encoded(draw_scene(100, 100), "JPEG")
    assert decoded(content, max_pixels=10_000).width_px == 100
    bomb = with_png_size(encoded(draw_scene(100, 100), "PNG"), 60_000, 60_000)
    for oversized, limit in ((content, 9_999), (bomb, 250_000_000)):
        with pytest.raises(DecodingError, match=r"more pixels than|pixels are more than") as caught:
            decoded(oversized, max_pixels=limit)
        assert caught.value.kind == "too_many_pixels"


def with_png_size(content: bytes, width: int, height: int) -> bytes:
    """Let a PNG file claim another size than it has."""
    header = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + content[24:29]
    return content[:12] + header + zlib.crc32(header).to_bytes(4, "big") + content[33:]


def test_a_thin_strip_is_not_scaled_beyond_the_pixel_limit() -> None:
    strip = encoded(Image.new("RGB", (50_000, 1), "red"), "PNG")
    with pytest.raises(DecodingError) as caught:
        decoded(strip, Rendition(short_side_px=224, square_px=224))
    assert caught.value.kind == "too_many_pixels"


@pytest.mark.parametrize("name", ["GIF", "PNG", "WEBP", "TIFF", "AVIF", "MPO"])
def test_of_several_pictures_the_first_is_used_and_said_to_be(draw_scene: DrawScene, name: str) -> None:
    first = draw_scene().quantize(32) if name == "GIF" else draw_scene()
    second = ImageOps.invert(draw_scene())
    content = encoded(first, name, save_all=True, append_images=[second])
    photo = decoded(content)
    assert photo.remarks == ("The file holds several pictures; only its main or first one was used.",)
    distance = np.abs(photo.pictures[0].astype(int) - np.asarray(first.convert("RGB")).astype(int)).mean()
    assert distance < 12


def test_heic_uses_the_primary_picture(draw_scene: DrawScene) -> None:
    container = pillow_heif.from_pillow(ImageOps.invert(draw_scene()))
    container.add_from_pillow(draw_scene())
    stream = io.BytesIO()
    container.save(stream, primary_index=1, quality=100)
    photo = decoded(stream.getvalue())
    assert len(photo.remarks) == 1
    assert np.abs(photo.pictures[0].astype(int) - np.asarray(draw_scene()).astype(int)).mean() < 6


def test_a_tiff_preview_is_said_to_be_one(draw_scene: DrawScene) -> None:
    photo = decoded(encoded(draw_scene(), "TIFF", tiffinfo={254: 1}))
    assert photo.remarks == ("The picture used is a reduced preview, as in a camera's raw file.",)


def test_transparency_is_remarked(draw_scene: DrawScene) -> None:
    image = draw_scene().convert("RGBA")
    image.putalpha(128)
    assert decoded(encoded(image, "PNG")).remarks == ("Transparent parts were laid on white.",)


def test_a_file_is_opened_by_no_decoder_but_its_own(draw_scene: DrawScene) -> None:
    content = encoded(draw_scene(), "PNG")
    with pytest.raises(DecodingError, match="header"):
        open_image(content, JPEG, MAX_PIXELS)


@pytest.mark.parametrize(
    "fault", [OSError("out of memory error when reading image file"), RuntimeError("Memory allocation error")]
)
def test_decoders_that_run_out_of_memory_are_told_from_damage(fault: Exception) -> None:
    with pytest.raises(MemoryError), faults_as_decoding_errors():
        raise fault


def test_a_files_pixels_do_not_depend_on_its_name(save_photo: Callable[..., Path]) -> None:
    disguised = save_photo("photo.png", format="JPEG").read_bytes()
    assert format_of(disguised) is JPEG
    assert decoded(disguised).width_px == 120
