from types import SimpleNamespace

import pytest
from exifread.utils import Ratio
from hypothesis import given
from hypothesis import strategies as st

from geolocdesk.evidence.exif_tags import ExifTags, UnreadableTagError
from geolocdesk.evidence.gps import read_altitude, read_direction, read_gps_time, read_position
from geolocdesk.geodesy import Position
from geolocdesk.unavailable import Unavailable

Number = Ratio | int | float | tuple[float] | str


def tags(**values: object) -> ExifTags:
    """Make GPS tags as ExifRead leaves them: ``Latitude=[Ratio(…)]`` is the tag ``GPS GPSLatitude``."""
    return ExifTags({f"GPS GPS{name}": SimpleNamespace(values=value) for name, value in values.items()})


def place(latitude: object, longitude: object, south_or_north: object = "N", side: object = "E") -> ExifTags:
    return tags(Latitude=latitude, LatitudeRef=south_or_north, Longitude=longitude, LongitudeRef=side)


ARNO = [Ratio(43, 1), Ratio(46, 1), Ratio(4614, 100)]
FLORENCE = [Ratio(11, 1), Ratio(15, 1), Ratio(1066, 100)]


@pytest.mark.parametrize(
    ("south_or_north", "side", "signs"),
    [
        ("N", "E", (1, 1)),
        ("S", "E", (-1, 1)),
        ("N", "W", (1, -1)),
        ("s", "w ", (-1, -1)),
        ("North", "E", (1, 1)),
    ],
)
def test_hemispheres_give_the_signs(south_or_north: str, side: str, signs: tuple[int, int]) -> None:
    position = read_position(place(ARNO, FLORENCE, south_or_north, side), [])
    assert isinstance(position, Position)
    assert position.latitude == pytest.approx(signs[0] * (43 + 46 / 60 + 46.14 / 3600), abs=1e-12)
    assert position.longitude == pytest.approx(signs[1] * (11 + 15 / 60 + 10.66 / 3600), abs=1e-12)


@pytest.mark.parametrize(
    ("angle", "degrees"),
    [
        ([Ratio(4376948, 100000)], 43.76948),
        ([Ratio(43, 1), Ratio(461688, 10000)], 43.76948),
        ([Ratio(43, 1), Ratio(461688, 10000), Ratio(0, 1)], 43.76948),
        ([43, 46, 10], 43 + 46 / 60 + 10 / 3600),
        ([(43.5,), (0.0,), (0.0,)], 43.5),
        ([Ratio(90, 1), Ratio(0, 1), Ratio(0, 1)], 90.0),
        ([Ratio(42, 1), Ratio(59, 1), Ratio(60, 1)], 43.0),
    ],
)
def test_every_way_to_write_an_angle_is_read(angle: list[Number], degrees: float) -> None:
    position = read_position(place(angle, FLORENCE), [])
    assert isinstance(position, Position)
    assert position.latitude == pytest.approx(degrees, abs=1e-12)


@given(st.integers(-90 * 3_600_000, 90 * 3_600_000), st.integers(-180 * 3_600_000, 180 * 3_600_000))
def test_any_position_comes_back_exactly(latitude_mas: int, longitude_mas: int) -> None:
    def angle(milliseconds: int) -> list[Ratio]:
        minutes, rest = divmod(abs(milliseconds), 60_000)
        return [Ratio(minutes // 60, 1), Ratio(minutes % 60, 1), Ratio(rest, 1000)]

    found = read_position(
        place(
            angle(latitude_mas),
            angle(longitude_mas),
            "S" if latitude_mas < 0 else "N",
            "W" if longitude_mas < 0 else "E",
        ),
        [],
    )
    if latitude_mas == longitude_mas == 0:
        assert found is Unavailable.NOT_AVAILABLE
    else:
        assert found == Position(latitude_mas / 3_600_000, longitude_mas / 3_600_000)


@pytest.mark.parametrize(
    ("latitude", "longitude", "problem"),
    [
        ([Ratio(91, 1)], FLORENCE, "more than 90 degrees"),
        ([Ratio(90, 1), Ratio(0, 1), Ratio(1, 1000)], FLORENCE, "more than 90 degrees"),
        (ARNO, [Ratio(181, 1)], "more than 180 degrees"),
        ([Ratio(4294967295, 1)], FLORENCE, "more than 90 degrees"),
        ([Ratio(-43, 1)], FLORENCE, "no degrees"),
        ([Ratio(43, 1), Ratio(75, 1)], FLORENCE, "no degrees"),
        ([Ratio(43, 1), Ratio(0, 0), Ratio(0, 1)], FLORENCE, "no degrees"),
        ([Ratio(43, 0)], FLORENCE, "no number"),
        ([(float("nan"),)], FLORENCE, "no number"),
        ([(float("inf"),)], FLORENCE, "no number"),
        (["43.7"], FLORENCE, "no number"),
        ([1, 2, 3, 4], FLORENCE, "does not hold degrees"),
        ("43.7", FLORENCE, "does not hold degrees"),
        ([], [], "does not hold degrees"),
        (None, None, "does not hold degrees"),
    ],
)
def test_a_malformed_angle_is_unreadable(latitude: object, longitude: object, problem: str) -> None:
    with pytest.raises(UnreadableTagError, match=problem):
        read_position(place(latitude, longitude), [])


@pytest.mark.parametrize("letter", ["", "X", " ", 7, b"\x00"])
def test_without_a_hemisphere_there_is_no_position(letter: object) -> None:
    with pytest.raises(UnreadableTagError, match="which hemisphere"):
        read_position(place(ARNO, FLORENCE, letter), [])


@pytest.mark.parametrize("missing", ["Latitude", "Longitude"])
def test_half_a_position_is_unreadable(missing: str) -> None:
    half = {"Latitude": ARNO, "LatitudeRef": "N", "Longitude": FLORENCE, "LongitudeRef": "E"}
    del half[missing]
    with pytest.raises(UnreadableTagError, match=missing.lower()):
        read_position(tags(**half), [])


@pytest.mark.parametrize("zero", [[Ratio(0, 0)] * 3, [Ratio(0, 1)] * 3, [0, 0, 0], [Ratio(0, 1)]])
def test_zeros_stand_for_no_position_and_are_remarked(zero: list[Number]) -> None:
    remarks: list[str] = []
    assert read_position(place(zero, zero), remarks) is Unavailable.NOT_AVAILABLE
    assert remarks == ["The GPS tags hold only zeros, which stand for a missing position."]


def test_a_place_on_the_equator_is_a_place() -> None:
    assert read_position(place([Ratio(0, 1)], [Ratio(32, 1)]), []) == Position(0.0, 32.0)


def test_without_gps_tags_nothing_is_available() -> None:
    nothing = tags()
    assert read_position(nothing, []) is Unavailable.NOT_AVAILABLE
    assert read_altitude(nothing) is Unavailable.NOT_AVAILABLE
    assert read_direction(nothing, []) is Unavailable.NOT_AVAILABLE
    assert read_gps_time(nothing) is Unavailable.NOT_AVAILABLE


@pytest.mark.parametrize(
    ("more", "doubts"),
    [
        ({}, []),
        ({"Status": "A", "MapDatum": "WGS-84"}, []),
        ({"MapDatum": "WGS 84 "}, []),
        ({"Status": "V"}, ["The camera marked its GPS position as not current."]),
        ({"MapDatum": "TOKYO"}, ["The GPS position is stated in the datum TOKYO and was taken as WGS 84."]),
    ],
)
def test_doubts_about_a_position_are_remarked(more: dict[str, str], doubts: list[str]) -> None:
    position = {"Latitude": ARNO, "LatitudeRef": "N", "Longitude": FLORENCE, "LongitudeRef": "E"}
    remarks: list[str] = []
    assert isinstance(read_position(tags(**position, **more), remarks), Position)
    assert remarks == doubts


@pytest.mark.parametrize(
    ("reference", "altitude_m"), [([0], 423.5), ([1], -423.5), ([2], 423.5), ([3], -423.5), (None, 423.5)]
)
def test_altitude_is_above_or_below_the_sea(reference: list[int] | None, altitude_m: float) -> None:
    references = {} if reference is None else {"AltitudeRef": reference}
    assert read_altitude(tags(Altitude=[Ratio(847, 2)], **references)) == altitude_m


@pytest.mark.parametrize(
    ("value", "reference"),
    [
        ([Ratio(1, 0)], [0]),
        ([Ratio(0, 0)], [0]),
        ([Ratio(5, 1)], [9]),
        ([Ratio(5, 1)], ["x"]),
        ([], [0]),
        ("423", [0]),
        ([Ratio(200_000, 1)], [0]),
        ([Ratio(20_000, 1)], [1]),
    ],
)
def test_a_malformed_altitude_is_unreadable(value: object, reference: object) -> None:
    with pytest.raises(UnreadableTagError):
        read_altitude(tags(Altitude=value, AltitudeRef=reference))


@pytest.mark.parametrize(("stated", "direction_deg"), [(0, 0.0), (359.5, 359.5), (360, 0.0), (17, 17.0)])
def test_direction_is_a_compass_direction(stated: float, direction_deg: float) -> None:
    value = Ratio(int(stated * 2), 2)
    remarks: list[str] = []
    assert read_direction(tags(ImgDirection=[value], ImgDirectionRef="T"), remarks) == direction_deg
    assert remarks == []


def test_magnetic_north_is_remarked() -> None:
    remarks: list[str] = []
    assert read_direction(tags(ImgDirection=[Ratio(90, 1)], ImgDirectionRef="M"), remarks) == 90.0
    assert remarks == ["The image direction is measured from magnetic north."]


@pytest.mark.parametrize("value", [[Ratio(361, 1)], [Ratio(-1, 1)], [Ratio(1, 0)], [Ratio(0, 0)], [], "90"])
def test_a_malformed_direction_is_unreadable(value: object) -> None:
    with pytest.raises(UnreadableTagError):
        read_direction(tags(ImgDirection=value), [])


@pytest.mark.parametrize(
    ("date", "clock", "time"),
    [
        ("2008:10:23", [Ratio(14, 1), Ratio(27, 1), Ratio(724, 100)], "2008-10-23T14:27:07.240Z"),
        ("2008-10-23", [14, 27, 7], "2008-10-23T14:27:07Z"),
        ("2016:12:31", [Ratio(23, 1), Ratio(59, 1), Ratio(60, 1)], "2017-01-01T00:00:00Z"),
        ("2008:10:23", [Ratio(29, 2), Ratio(0, 1), Ratio(0, 1)], None),
    ],
)
def test_gps_time_is_utc(date: str, clock: list[Number], time: str | None) -> None:
    found = read_gps_time(tags(Date=date, TimeStamp=clock))
    assert found == (time or "2008-10-23T14:30:00Z")


@pytest.mark.parametrize(
    ("date", "clock"),
    [
        ("2008:13:23", [1, 2, 3]),
        ("yesterday", [1, 2, 3]),
        ("2008:10:23", [25, 2, 3]),
        ("2008:10:23", [1, 62, 3]),
        ("2008:10:23", [1, 2]),
        ("2008:10:23", [Ratio(0, 0), 2, 3]),
        ("9999:12:31", [23, 59, 60]),
    ],
)
def test_a_malformed_gps_time_is_unreadable(date: str, clock: list[Number]) -> None:
    with pytest.raises(UnreadableTagError, match="date and time make no sense"):
        read_gps_time(tags(Date=date, TimeStamp=clock))
