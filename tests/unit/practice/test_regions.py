import pytest

from geolocdesk.geodesy import Position
from geolocdesk.practice.geography import load_geography
from geolocdesk.practice.plants import KINDS
from geolocdesk.practice.regions import LEFT_DRIVING_COUNTRIES, REGIONS, drives_on_left, region_at

LEFT = (
    "GB", "IE", "MT", "CY", "IN", "PK", "BD", "LK", "NP", "BT", "TH", "MY", "SG", "ID", "JP", "HK",
    "AU", "NZ", "FJ", "PG", "KE", "TZ", "UG", "ZM", "ZW", "MZ", "ZA", "NA", "BW", "LS", "JM", "BB",
    "TT", "GY", "SR",
)  # fmt: skip
RIGHT = (
    "FR", "DE", "ES", "IT", "SE", "NO", "FI", "PL", "RU", "UA", "TR", "EG", "MA", "NG", "GH", "ET",
    "RW", "CD", "AO", "CN", "KR", "TW", "VN", "PH", "MM", "US", "CA", "MX", "BR", "AR", "CL", "IS",
    "SA", "IR", "MN",
)  # fmt: skip


@pytest.mark.parametrize("country", LEFT)
def test_left(country: str) -> None:
    assert drives_on_left(country)


@pytest.mark.parametrize("country", RIGHT)
def test_right(country: str) -> None:
    assert not drives_on_left(country)


def test_every_code_is_a_country_of_the_map_or_too_small_for_it() -> None:
    too_small = {"CC", "CX", "NF", "HK", "MO", "PN", "BM", "CK", "NR", "NU", "TK", "TV", "GI"}
    assert set(load_geography().country_codes) | too_small >= LEFT_DRIVING_COUNTRIES


def test_every_country_of_the_map_has_a_region() -> None:
    position = Position(40.0, -80.0)
    styles = {code: region_at(code, position) for code in load_geography().country_codes}
    # Western Europe is also what an unknown country would get, so it must not grow by accident.
    assert {code for code, style in styles.items() if style.name == "west_europe"} == {
        "FR",
        "BE",
        "NL",
        "LU",
        "MC",
    }
    assert set(REGIONS) - {"us_west"} == {style.name for style in styles.values()}


def test_the_united_states_change_on_the_way_west() -> None:
    assert region_at("US", Position(40.0, -75.0)).name == "us_east"
    assert region_at("US", Position(35.0, -112.0)).name == "us_west"
    assert region_at("US", Position(62.0, -150.0)).name == "canada"


def test_every_favoured_tree_can_be_drawn() -> None:
    assert {tree for style in REGIONS.values() for tree in style.trees} <= set(KINDS)
