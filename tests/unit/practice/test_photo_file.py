import io
from datetime import datetime

import exifread
import numpy as np
import pytest
from exifread.utils import get_gps_coords
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from geolocdesk.geodesy import Position
from geolocdesk.practice.photo_file import (
    DESCRIPTION,
    MAKE,
    PhotoMetadata,
    _sexagesimal,
    encode_photo,
    reshare,
)

PHOTO = Image.fromarray(np.random.default_rng(1).integers(0, 255, (360, 480, 3), dtype=np.uint8))
MOMENT = datetime(2024, 6, 12, 14, 3, 59)  # noqa: DTZ001 - solar time


def metadata(position: Position | None = Position(48.137154, 11.576124), remark: str = "") -> PhotoMetadata:  # noqa: B008
    return PhotoMetadata("Practice photographer A", MOMENT, position, 271.25, remark)


def tags_of(content: bytes) -> dict[str, object]:
    return dict(exifread.process_file(io.BytesIO(content), details=True))


@pytest.mark.parametrize(
    "position",
    [
        Position(48.137154, 11.576124),
        Position(-33.868812, -151.209305),
        Position(0.0, 0.0),
        Position(-89.999999, 180.0),
    ],
)
def test_another_library_reads_the_position_back(position: Position) -> None:
    coordinates = get_gps_coords(tags_of(encode_photo(PHOTO, metadata(position))))
    assert coordinates == pytest.approx((position.latitude, position.longitude), abs=5e-8)


def test_it_says_first_of_all_that_it_is_synthetic() -> None:
    tags = {
        name: str(value)
        for name, value in tags_of(encode_photo(PHOTO, metadata(remark="practice: a remark"))).items()
    }
    assert tags["Image ImageDescription"] == DESCRIPTION
    assert tags["Image Make"] == MAKE
    assert "practice world" in tags["Image Software"]
    assert tags["Image Artist"] == "Practice photographer A"
    assert "synthetic" in tags["Image Copyright"]
    assert "Synthetic" in tags["EXIF UserComment"]
    assert "practice: a remark" in tags["EXIF UserComment"]


def test_time_and_direction() -> None:
    tags = tags_of(encode_photo(PHOTO, metadata()))
    assert str(tags["EXIF DateTimeOriginal"]) == "2024:06:12 14:03:59"
    assert str(tags["GPS GPSImgDirection"]) == "1085/4"
    # 11.576124° E is 46 minutes and 18 seconds ahead of Greenwich by the sun.
    assert str(tags["GPS GPSDate"]) == "2024:06:12"
    assert str(tags["GPS GPSTimeStamp"]) == "[13, 17, 40]"


def test_without_a_position_there_is_no_gps_at_all() -> None:
    assert [name for name in tags_of(encode_photo(PHOTO, metadata(None))) if name.startswith("GPS")] == []


def test_without_a_time_there_is_none() -> None:
    tags = tags_of(encode_photo(PHOTO, PhotoMetadata("A", None, None)))
    assert "EXIF DateTimeOriginal" not in tags


def test_the_same_photo_gives_the_same_bytes() -> None:
    assert encode_photo(PHOTO, metadata()) == encode_photo(PHOTO, metadata())


@given(st.floats(0, 180).map(lambda value: round(value, 6)))
def test_minutes_and_seconds_stay_below_sixty(degrees: float) -> None:
    whole, minutes, seconds = (float(part) for part in _sexagesimal(degrees))
    assert 0 <= minutes < 60
    assert 0 <= seconds < 60
    assert whole + minutes / 60 + seconds / 3600 == pytest.approx(degrees, abs=2e-8)


@pytest.mark.parametrize("seed", range(5))
def test_a_reshared_copy_is_a_smaller_crop(seed: int) -> None:
    copy = reshare(PHOTO, seed)
    assert copy.width in {240, 288, 320}
    assert copy.width / copy.height == pytest.approx(4 / 3, rel=0.02)
    assert copy.tobytes() == reshare(PHOTO, seed).tobytes()
    assert len(encode_photo(copy, metadata(None), quality=62)) < len(encode_photo(PHOTO, metadata(None))) / 2
