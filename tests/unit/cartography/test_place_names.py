"""Places are looked up in the shipped data; the facts they are checked against are common knowledge."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geolocdesk.atlas.world import load_world
from geolocdesk.cartography.gazetteer import load_gazetteer
from geolocdesk.cartography.place_names import PlaceName, find_place, place_finder
from geolocdesk.geodesy import Position, great_circle_km
from geolocdesk.unavailable import Unavailable

positions = st.builds(Position, st.floats(-90, 90), st.floats(-180, 180))


def place(latitude: float, longitude: float) -> PlaceName:
    return find_place(Position(latitude, longitude))


@pytest.mark.parametrize(
    ("latitude", "longitude", "town", "country"),
    [
        (45.813, 15.977, "Zagreb", "Croatia"),
        (-33.87, 151.21, "Sydney", "Australia"),
        (64.15, -21.94, "Reykjavík", "Iceland"),
        (43.695, 7.265, "Nice", "France"),
        (40.71, -74.0, "New York City", "United States of America"),
        (-16.75, 179.36, "Savusavu", "Fiji"),
        (66.32, -179.12, "Egvekinot", "Russia"),
        (47.55, 7.59, "Basel", "Switzerland"),
    ],
)
def test_known_places(latitude: float, longitude: float, town: str, country: str) -> None:
    found = place(latitude, longitude)
    assert found.town.name == town
    assert [entry.name for entry in found.countries] == [country]
    assert found.short.endswith(country)
    assert found.remark == ""


def test_a_name_never_stands_alone() -> None:
    found = place(45.84, 15.93)
    assert found.short == "near Zagreb, Croatia"
    assert found.full.startswith("4.7\N{NO-BREAK SPACE}km north-west of Zagreb (")
    assert "inhabitants)" in found.full
    assert found.full.endswith("Croatia")


def test_direction_is_from_the_town_to_the_position() -> None:
    gazetteer = load_gazetteer()
    row = gazetteer.names.index("Tamanghasset")
    latitude, longitude = float(gazetteer.latitude[row]), float(gazetteer.longitude[row])
    assert place(latitude + 0.5, longitude).town.direction == "north"
    assert place(latitude - 0.5, longitude + 0.5).town.direction == "south-east"


def test_a_quarter_gives_way_to_its_city_but_a_village_does_not_to_a_far_one() -> None:
    assert place(43.6905, 7.2655).town.name == "Nice"  # some quarters are nearer
    hamlet = place(46.09, 7.95)  # a side valley of the Valais, 60 km from Bern
    assert hamlet.town.distance_km < 10
    assert hamlet.city is not None
    assert hamlet.city.distance_km > hamlet.town.distance_km


def test_open_sea() -> None:
    found = place(30.0, -40.0)
    assert found.is_at_sea
    assert found.country_name == "at sea"
    assert found.short.startswith("at sea, 1,320\N{NO-BREAK SPACE}km south-west of ")


def test_land_beyond_the_simplified_coast_still_counts() -> None:
    pier = place(50.8150, -0.1370)  # the end of Brighton's pier, over water
    assert [entry.name for entry in pier.countries] == ["United Kingdom"]


@pytest.mark.parametrize("latitude", [90.0, -90.0])
def test_poles(latitude: float) -> None:
    found = find_place(Position(latitude, 0.0))
    assert found.is_at_sea == (latitude > 0)
    assert find_place(Position(latitude, 123.0)).town.name == found.town.name


def test_south_pole_is_not_put_into_the_town_s_country() -> None:
    full = find_place(Position(-90.0, 0.0)).full
    assert "Chile; the position itself in Antarctica" in full


class TestDisputed:
    def test_sources_that_differ_are_both_named(self) -> None:
        found = place(44.95, 34.1)  # Simferopol
        assert "Russia" in found.country_name
        assert "Ukraine" in found.country_name
        assert "Crimea, whose status is disputed" in found.remark
        assert "The sources differ: GeoNames lists" in found.remark

    @pytest.mark.parametrize(
        ("latitude", "longitude", "area"),
        [
            (34.08, 74.8, "Kashmir"),
            (27.15, -13.2, "Western Sahara"),
            (33.0, 35.78, "Golan"),
            (31.79, 35.24, "East Jerusalem"),
            (-51.7, -57.85, "Falkland Islands (Malvinas)"),
            (43.0, 41.02, "Abkhazia"),
            (25.03, 121.56, "Taiwan"),
        ],
    )
    def test_status_is_said_to_be_disputed(self, latitude: float, longitude: float, area: str) -> None:
        found = place(latitude, longitude)
        assert area in found.remark
        assert found.remark in found.full

    def test_undisputed_capitals_carry_no_remark(self) -> None:
        for latitude, longitude in [(32.08, 34.78), (52.52, 13.40), (39.93, 32.86), (35.68, 139.69)]:
            assert place(latitude, longitude).remark == ""

    def test_a_border_too_close_to_tell_names_both_sides(self) -> None:
        found = place(41.902, 12.453)
        assert {entry.name for entry in found.countries} == {"Italy", "Vatican"}
        assert "outlines can't tell" in found.remark

    def test_parts_of_a_state_are_named_with_it(self) -> None:
        assert place(16.0, -61.7).short == "near Gourbeyre, Guadeloupe, France"


@given(positions)
@settings(max_examples=60, deadline=None)
def test_no_larger_town_is_nearer(position: Position) -> None:
    gazetteer = load_gazetteer()
    found = find_place(position)
    distances = great_circle_km(
        gazetteer.latitude, gazetteer.longitude, position.latitude, position.longitude
    )
    population = found.town.population
    own = 0 if isinstance(population, Unavailable) else population
    nearer = distances < found.town.distance_km - 1e-6
    assert not np.any(gazetteer.population[nearer] > max(own, 500))
    assert found.town.distance_km <= distances.min() + 5.0 + 1e-6


@given(positions)
@settings(max_examples=60, deadline=None)
def test_everywhere_has_words(position: Position) -> None:
    found = find_place(position)
    assert found.short
    assert "inhabitants)" in found.full or "population not stated)" in found.full
    assert ".." not in found.full
    assert found.is_at_sea or found.countries[0].name


@given(st.floats(-85, 85), st.sampled_from([-1, 1]))
@settings(max_examples=40, deadline=None)
def test_both_spellings_of_the_date_line_agree(latitude: float, side: int) -> None:
    first = place_finder().find(Position(latitude, 180.0))
    second = place_finder().find(Position(latitude, -180.0))
    assert first.town.name == second.town.name
    assert {entry.name for entry in first.countries} == {entry.name for entry in second.countries}


def test_every_label_of_a_country_lies_in_it() -> None:
    """Natural Earth places each country's label by hand, mostly inside; a shifted table would show here."""
    world = load_world()
    inside = [
        any(
            entry.name == country.name
            for entry in place(country.label_latitude, country.label_longitude).countries
        )
        for country in world.countries
    ]
    assert np.mean(inside) > 0.85
