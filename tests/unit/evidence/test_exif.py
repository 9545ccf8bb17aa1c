import contextlib
import io
import struct
from collections.abc import Callable, Mapping
from fractions import Fraction

import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags as Names
from PIL import Image

from geolocdesk.evidence.exif import summarise
from geolocdesk.evidence.exif_blocks import find_exif
from geolocdesk.evidence.exif_tags import TAG_LIMIT, UnreadableTagError, read_tags
from geolocdesk.evidence.formats import recognise_format
from geolocdesk.evidence.pillow import open_image
from geolocdesk.evidence.record import ExifSummary
from geolocdesk.geodesy import Position
from geolocdesk.unavailable import Unavailable

DrawScene = Callable[..., Image.Image]

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL.TiffImagePlugin")  # about damaged tags

GPS = {
    1: "S",
    2: (33.0, 51.0, 24.5),
    3: "E",
    4: (151.0, 12.0, 54.0),
    5: b"\x00",
    6: 57.25,
    16: "T",
    17: 212.5,
}

SYDNEY = Position(-float(Fraction(33 * 7200 + 51 * 120 + 49, 7200)), 151.215)


def tags_written_by_pillow(
    image: Mapping[int, object] | None = None,
    photo: Mapping[int, object] | None = None,
    gps: Mapping[int, object] | None = None,
) -> bytes:
    exif = Image.Exif()
    exif.update(image or {})
    exif[Names.IFD.Exif] = dict(photo or {})
    exif[Names.IFD.GPSInfo] = dict(gps or {})
    return exif.tobytes().removeprefix(b"Exif\0\0")


def summary_of(**directories: Mapping[int, object]) -> ExifSummary:
    return summarise([tags_written_by_pillow(**directories)])


def test_everything_a_camera_writes_is_summarised() -> None:
    summary = summary_of(
        image={
            Names.Base.Make: "NIKON CORPORATION",
            Names.Base.Model: "NIKON D70s",
            Names.Base.Software: "Ver.1.00 ",
        },
        photo={
            Names.Base.DateTimeOriginal: "2005:12:14 14:39:47",
            Names.Base.OffsetTimeOriginal: "+01:00",
            Names.Base.LensMake: "Nikon",
            Names.Base.LensModel: "AF-S 18-70mm",
        },
        gps=GPS | {29: "2005:12:14", 7: (13.0, 39.0, 47.0)},
    )
    assert summary.position == SYDNEY
    assert (summary.altitude_m, summary.image_direction_deg) == (57.25, 212.5)
    assert summary.captured_at == "2005-12-14T14:39:47+01:00"
    assert summary.gps_time == "2005-12-14T13:39:47Z"
    assert (summary.camera, summary.lens) == ("NIKON CORPORATION NIKON D70s", "Nikon AF-S 18-70mm")
    assert (summary.software, summary.remark) == ("Ver.1.00", "")
    listed = {tag.name: tag.value for tag in summary.tags}
    assert listed["Image Model"] == "NIKON D70s"
    assert listed["GPS GPSLatitudeRef"] == "S"


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
        ("Apple", "iPhone 6", "Apple iPhone 6"),
        ("", "X100", "X100"),
        ("LEICA", "", "LEICA"),
        ("samsung", "SAMSUNG SM-G930F", "SAMSUNG SM-G930F"),
        ("Evil\x1b[2J", "Cam\x07era", "Evil[2J Camera"),
        ("M" * 500, "", "M" * 100),
        (" ", "", Unavailable.NOT_AVAILABLE),
    ],
)
def test_a_camera_is_its_maker_once_and_its_model(make: str, model: str, camera: object) -> None:
    assert summary_of(image={Names.Base.Make: make, Names.Base.Model: model}).camera == camera


@pytest.mark.parametrize(
    ("stated", "offset", "time", "remark"),
    [
        ("2020:02:29 23:59:59", "", "2020-02-29T23:59:59", ""),
        ("2020:02:29 23:59:59", "-09:30", "2020-02-29T23:59:59-09:30", ""),
        ("2020:02:29 23:59:59", "Z", "2020-02-29T23:59:59+00:00", ""),
        ("2020:02:29 23:59:59", "   :  ", "2020-02-29T23:59:59", ""),
        ("2020:02:29 23:59:59", "local", "2020-02-29T23:59:59", "time zone"),
        ("2020-02-29T23:59:59", "", "2020-02-29T23:59:59", ""),
        ("0000:00:00 00:00:00", "", Unavailable.NOT_AVAILABLE, ""),
        ("    :  :     :  :  ", "", Unavailable.NOT_AVAILABLE, ""),
        ("2021:02:29 10:00:00", "", Unavailable.UNREADABLE, "time of capture"),
        ("2020:02:29 25:00:00", "", Unavailable.UNREADABLE, "time of capture"),
        ("yesterday at noon", "", Unavailable.UNREADABLE, "time of capture"),
    ],
)
def test_time_of_capture(stated: str, offset: str, time: object, remark: str) -> None:
    summary = summary_of(photo={Names.Base.DateTimeOriginal: stated, Names.Base.OffsetTimeOriginal: offset})
    assert summary.captured_at == time
    assert remark in summary.remark
    assert bool(remark) == bool(summary.remark)


def test_several_problems_are_all_remarked_and_the_rest_is_kept() -> None:
    summary = summary_of(
        image={Names.Base.Model: "X100"},
        photo={Names.Base.DateTimeOriginal: "nonsense"},
        gps={1: "N", 2: (95.0, 0.0, 0.0), 3: "E", 4: (10.0, 0.0, 0.0), 17: 400.0},
    )
    assert (summary.position, summary.captured_at, summary.camera) == (
        Unavailable.UNREADABLE,
        Unavailable.UNREADABLE,
        "X100",
    )
    assert summary.remark == (
        "The GPS latitude is more than 90 degrees. The image direction is not between 0 and 360 degrees. "
        "The time of capture makes no sense."
    )


def test_no_metadata_is_not_available() -> None:
    assert summarise([]) == ExifSummary()


@pytest.mark.parametrize("block", [b"\xff\xff\xff\xff\x00\x00\x00\x08", b"MM\x00*\x00\x00\x00\x00", b"junk"])
def test_a_block_without_a_readable_tag_is_unreadable(block: bytes) -> None:
    summary = summarise([block])
    assert summary.position is Unavailable.UNREADABLE
    assert summary.remark == "The file holds a block of metadata in which no tag could be read."


def tiff_directory(*entries: tuple[int, int, int, int]) -> bytes:
    """Write a little-endian TIFF structure with one directory of (tag, type, count, value or offset)."""
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + packed + b"\0\0\0\0"


BEYOND_THE_END = (0x0100, 12, 1, 2**30)
"""A number far outside the file, on which ExifRead gives up the whole block."""


def test_the_next_block_is_read_where_the_first_cannot_be() -> None:
    damaged = tiff_directory((0x0110, 2, 4, 0x00434241), BEYOND_THE_END)
    with pytest.raises(UnreadableTagError):
        read_tags(damaged)
    assert summarise([damaged]).camera is Unavailable.UNREADABLE
    summary = summarise([damaged, tags_written_by_pillow({Names.Base.Model: "X100"})])
    assert summary.camera == "X100"
    assert summary.remark == "The metadata could not be read (list index out of range)."


def test_of_a_damaged_block_the_sound_tags_are_kept(draw_scene: DrawScene) -> None:
    damaged = tiff_directory((0x0110, 2, 4, 0x00434241), BEYOND_THE_END)
    summary = summary_of_file(written(draw_scene(), "JPEG", damaged))
    assert summary.camera == "ABC"
    assert summary.remark.startswith("The metadata could not be read (")


def test_directories_that_hold_themselves_end() -> None:
    endless = tiff_directory((0x8769, 4, 1, 8), (0x0100, 3, 1, 5)).replace(b"\0\0\0\0", b"\x08\0\0\0")
    assert len(read_tags(endless)) >= 1
    nested = b"II*\0" + struct.pack("<IH", 8, 1) + struct.pack("<HHII", 0x8825, 4, 1, 8) + b"\0\0\0\0"
    summarise([nested])


def test_values_beyond_the_end_do_no_harm() -> None:
    summary = summarise(
        [tiff_directory((0x010F, 2, 2**31, 2**31), (0x8825, 4, 1, 2**32 - 1), (0x0110, 2, 3, 0x4142))]
    )
    assert summary.camera == "BA"


def test_the_listing_is_cut_and_clean() -> None:
    many = tiff_directory(*((0x4000 + number, 3, 1, number) for number in range(TAG_LIMIT + 20)))
    summary = summarise([many])
    assert len(summary.tags) == TAG_LIMIT
    assert summary.remark == f"Only the first {TAG_LIMIT} of {TAG_LIMIT + 20} tags are listed."
    long = summary_of(
        image={Names.Base.ImageDescription: "x" * 5000 + "\x07", Names.Base.Artist: "A\x1b[1mB"}
    )
    values = {tag.name: tag.value for tag in long.tags}
    assert len(values["Image ImageDescription"]) == 200
    assert values["Image Artist"] == "A[1mB"


def test_maker_notes_are_not_listed() -> None:
    block = tags_written_by_pillow(
        photo={Names.Base.MakerNote: b"secret" * 9, Names.Base.ISOSpeedRatings: 200}
    )
    names = {tag.name for tag in summarise([block]).tags}
    assert "EXIF ISOSpeedRatings" in names
    assert not {name for name in names if "MakerNote" in name}


@pytest.mark.parametrize(
    ("stored", "comment"),
    [
        (b"ASCII\0\0\0Pier 39, San Francisco\0\0", "Pier 39, San Francisco"),
        (b"UNICODE\0" + "Łódź \u202e🏔".encode("utf-16-be"), "Łódź 🏔"),
        (b"JIS\0\0\0\0\0" + "東京".encode("iso2022_jp"), "東京"),
        (b"\0\0\0\0\0\0\0\0caf\xc3\xa9", "café"),
        (b"UNICODE\0" + b"\xd8" * 9, "\ufffd" * 4),
        (b"ASCII\0\0\0" + b" " * 40, None),
        (b"ASC", None),
    ],
)
def test_comments_are_listed_in_their_own_alphabet(stored: bytes, comment: str | None) -> None:
    summary = summarise([tags_written_by_pillow(photo={Names.Base.UserComment: stored})])
    listed = {tag.name: tag.value for tag in summary.tags}
    assert listed.get("EXIF UserComment") == comment


def test_thumbnails_are_not_listed() -> None:
    first = tiff_directory((0x0110, 2, 4, 0x00434241))
    second = struct.pack("<HHHIII", 1, 0x0103, 3, 1, 6, 0)
    both = first[:-4] + struct.pack("<I", len(first)) + second
    assert len(read_tags(both)) == 2
    assert [tag.name for tag in summarise([both]).tags] == ["Image Model"]


def written(image: Image.Image, name: str, exif: bytes, **options: object) -> bytes:
    stream = io.BytesIO()
    if name == "HEIF":
        pillow_heif.from_pillow(image).save(stream, exif=b"Exif\0\0" + exif)
    else:
        image.save(stream, name, exif=b"Exif\0\0" + exif, **options)
    return stream.getvalue()


def summary_of_file(content: bytes) -> ExifSummary:
    photo_format = recognise_format(content)
    assert photo_format is not None
    image = open_image(content, photo_format, 10**7)
    image.load()
    return summarise(find_exif(image, content, photo_format))


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "MPO"])
def test_tags_are_found_in_every_format_that_carries_them(draw_scene: DrawScene, name: str) -> None:
    content = written(draw_scene(), name, tags_written_by_pillow({Names.Base.Model: "X100"}, gps=GPS))
    summary = summary_of_file(content)
    assert summary.camera == "X100"
    assert summary.position == SYDNEY
    assert summary.remark == ""


@pytest.mark.parametrize("big_tiff", [False, True])
def test_tags_are_found_in_tiff_and_bigtiff(draw_scene: DrawScene, big_tiff: bool) -> None:
    block = tags_written_by_pillow({Names.Base.Model: "X100"}, gps=GPS)
    summary = summary_of_file(written(draw_scene(), "TIFF", block, big_tiff=big_tiff))
    assert summary.camera == "X100"
    assert isinstance(summary.position, Position)
    assert summary.position.latitude == pytest.approx(-33.856806, abs=1e-6)


def test_png_tags_in_text_chunks_are_found(draw_scene: DrawScene) -> None:
    from PIL.PngImagePlugin import PngInfo

    block = b"Exif\0\0" + tags_written_by_pillow({Names.Base.Model: "X100"})
    text = PngInfo()
    text.add_text("Raw profile type exif", f"\nexif\n{len(block):8}\n{block.hex()}\n")
    stream = io.BytesIO()
    draw_scene().save(stream, "PNG", pnginfo=text)
    assert summary_of_file(stream.getvalue()).camera == "X100"


def test_heic_tags_are_the_files_own(draw_scene: DrawScene) -> None:
    exif = tags_written_by_pillow({Names.Base.Orientation: 6})
    listed = {tag.name: tag.value for tag in summary_of_file(written(draw_scene(), "HEIF", exif)).tags}
    assert listed["Image Orientation"] == "Rotated 90 CW"


def test_a_photo_without_metadata_has_none_in_any_format(draw_scene: DrawScene) -> None:
    for name in ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "BMP"):
        stream = io.BytesIO()
        if name == "HEIF":
            pillow_heif.from_pillow(draw_scene()).save(stream)
        else:
            draw_scene().save(stream, name)
        assert summary_of_file(stream.getvalue()) == ExifSummary()


GOOD_BLOCK = tags_written_by_pillow(
    {Names.Base.Make: "Maker", Names.Base.Model: "Model"},
    {Names.Base.DateTimeOriginal: "2020:02:29 23:59:59"},
    GPS | {29: "2020:02:29", 7: (22.0, 59.0, 59.0)},
)


@settings(deadline=None)
@given(st.dictionaries(st.integers(0, len(GOOD_BLOCK) - 1), st.integers(0, 255), max_size=12))
def test_a_damaged_block_never_raises(damage: dict[int, int]) -> None:
    damaged = bytearray(GOOD_BLOCK)
    for place, value in damage.items():
        damaged[place] = value
    summary = summarise([bytes(damaged)])
    assert all(tag.value.isprintable() and len(tag.value) <= 200 for tag in summary.tags)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_random_tiff_structures_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(UnreadableTagError):
        assert all(tag.value.isprintable() for tag in read_tags(b"II*\0" + content).listing())
