"""Grids are checked against two other libraries and against published points."""

import mgrs
import pytest
import utm
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geolocdesk.cartography.coordinates import (
    decimal_text,
    dms_text,
    grid_position,
    grid_text,
    list_notations,
    mgrs_text,
    utm_zone,
)
from geolocdesk.geodesy import Position

converter = mgrs.MGRS()


@given(st.floats(-80, 83.999), st.floats(-180, 179.999))
@settings(deadline=None)
def test_utm_agrees_with_another_library(latitude: float, longitude: float) -> None:
    assume(latitude == 0.0 or abs(latitude) > 1e-9)  # at the equator either hemisphere's northing is right
    easting, northing, zone, band = utm.from_latlon(latitude, longitude)
    grid = grid_position(Position(latitude, longitude))
    assert (grid.zone, grid.band, grid.system) == (zone, band, "UTM")
    assert grid.easting_m == pytest.approx(easting, abs=0.01)
    assert grid.northing_m == pytest.approx(northing, abs=0.01)


@given(st.floats(-90, 90), st.floats(-180, 179.999))
@settings(deadline=None)
def test_mgrs_agrees_with_geotrans(latitude: float, longitude: float) -> None:
    grid = grid_position(Position(latitude, longitude))
    for metres in (grid.easting_m, grid.northing_m):
        assume(0.01 < metres % 1.0 < 0.99)  # on a line between two squares either side is right
    expected = converter.toMGRS(latitude, longitude)
    # GeoTrans pads the zone with a zero
    assert mgrs_text(grid).replace(" ", "") == expected.lstrip("0")


@pytest.mark.parametrize(
    ("latitude", "longitude", "zone"),
    [
        (60.39, 5.32, 32),  # Bergen, in the widened zone
        (60.39, 2.9, 31),
        (78.22, 15.65, 33),  # Longyearbyen
        (72.0, 8.9, 31),
        (72.0, 9.0, 33),
        (72.0, 33.0, 37),
        (72.0, 42.0, 38),
        (0.0, -180.0, 1),
        (0.0, 180.0, 1),
        (0.0, 179.9, 60),
    ],
)
def test_zones_and_their_exceptions(latitude: float, longitude: float, zone: int) -> None:
    assert utm_zone(Position(latitude, longitude)) == zone


def test_published_point() -> None:
    """The example in the manual page of GeographicLib's GeoConvert."""
    grid = grid_position(Position(33.33424, 44.40363))
    assert (grid.zone, grid.band) == (38, "S")
    assert grid.easting_m == pytest.approx(444_500, abs=1)
    assert grid.northing_m == pytest.approx(3_688_500, abs=1)
    assert grid_text(grid) == f"38S {int(grid.easting_m)} m E {int(grid.northing_m)} m N"
    square, column, row = mgrs_text(grid).rsplit(" ", 2)
    assert (square, column[:2], row[:2]) == ("38S MB", "44", "88")


def test_poles() -> None:
    assert mgrs_text(grid_position(Position(90.0, 0.0))) == "Z AH 00000 00000"
    assert mgrs_text(grid_position(Position(-90.0, 0.0))) == "B AN 00000 00000"


@pytest.mark.parametrize(
    ("latitude", "longitude", "text"),
    [
        (45.8131, 15.9772, "45°48′47.2″ N, 15°58′37.9″ E"),
        (-33.8568, -70.0, "33°51′24.5″ S, 70°00′00.0″ W"),
        (0.0, 0.0, "0°00′00.0″ N, 0°00′00.0″ E"),
        (59.99999999, 179.99999999, "60°00′00.0″ N, 180°00′00.0″ E"),  # 59.99… seconds carry over
    ],
)
def test_degrees_minutes_seconds(latitude: float, longitude: float, text: str) -> None:
    assert dms_text(Position(latitude, longitude)) == text


def test_decimal_keeps_six_places() -> None:
    assert decimal_text(Position(1.5, -0.1234567)) == "1.500000, -0.123457"


def test_notations_name_the_grid_in_force() -> None:
    names = [name for name, _ in list_notations(Position(45.0, 15.0))]
    assert names == ["Decimal", "DMS", "UTM", "MGRS"]
    assert [name for name, _ in list_notations(Position(88.0, 15.0))][2] == "UPS"
