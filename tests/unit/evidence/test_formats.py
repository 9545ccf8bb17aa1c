import io
from collections.abc import Callable

import pillow_heif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from geolocdesk.evidence import formats
from geolocdesk.evidence.formats import PhotoFormat, describe_refused, recognise_format

DrawScene = Callable[..., Image.Image]


def saved(image: Image.Image, name: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, name, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("JPEG", formats.JPEG),
        ("MPO", formats.JPEG),
        ("PNG", formats.PNG),
        ("GIF", formats.GIF),
        ("BMP", formats.BMP),
        ("WEBP", formats.WEBP),
        ("TIFF", formats.TIFF),
        ("AVIF", formats.AVIF),
    ],
)
def test_pillows_own_files_are_recognised(draw_scene: DrawScene, name: str, expected: PhotoFormat) -> None:
    assert recognise_format(saved(draw_scene(), name)) is expected


def test_bigtiff_and_big_endian_tiff_are_tiff(draw_scene: DrawScene) -> None:
    assert recognise_format(saved(draw_scene(), "TIFF", big_tiff=True)) is formats.TIFF
    assert recognise_format(b"MM\x00*\x00\x00\x00\x08") is formats.TIFF


def test_libheifs_own_file_is_recognised(draw_scene: DrawScene) -> None:
    stream = io.BytesIO()
    pillow_heif.from_pillow(draw_scene()).save(stream)
    assert recognise_format(stream.getvalue()) is formats.HEIC


def ftyp(*brands: bytes) -> bytes:
    body = brands[0] + b"\0\0\0\0" + b"".join(brands[1:])
    return (8 + len(body)).to_bytes(4, "big") + b"ftyp" + body + b"moreboxes"


@pytest.mark.parametrize(
    ("brands", "expected"),
    [
        ((b"heic", b"mif1"), formats.HEIC),
        ((b"heix",), formats.HEIC),
        ((b"mif1", b"heic"), formats.HEIC),
        ((b"mif1", b"miaf"), formats.HEIF),
        ((b"mif1", b"miaf", b"avif"), formats.AVIF),
        ((b"avis", b"msf1"), formats.AVIF),
        ((b"isom", b"avif"), None),
        ((b"mp42", b"isom"), None),
        ((b"crx ", b"isom"), None),
        ((b"qt  ",), None),
    ],
)
def test_brands_tell_heic_and_avif_from_video_and_raw(
    brands: tuple[bytes, ...], expected: PhotoFormat | None
) -> None:
    assert recognise_format(ftyp(*brands)) is expected


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"%PDF-1.7", "PDF document"),
        (b"PK\x03\x04", "archive"),
        (b"II*\x00\x10\x00\x00\x00CR\x02\x00", "raw file"),
        (ftyp(b"crx "), "raw file"),
        (b"FUJIFILMCCD-RAW 0201", "raw file"),
        (ftyp(b"mp42"), "video"),
        (b"\xff\x0a\xfa\x7f", "JPEG XL"),
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"8BPS\x00\x01", "Photoshop"),
        (b"just text", "no format that is accepted"),
        (b"BM is how this text begins, and no bitmap", "no format that is accepted"),
        (b"RIFF\x00\x00\x00\x00AVI ", "no format that is accepted"),
        (b"\x01\xda\x01\x02", "no format that is accepted"),
    ],
)
def test_what_is_refused_is_named(content: bytes, what: str) -> None:
    assert recognise_format(content) is None
    assert what in describe_refused(content)


@given(st.binary(max_size=64))
def test_any_bytes_are_judged_without_fault(content: bytes) -> None:
    assert (recognise_format(content) is None) or describe_refused(content)
