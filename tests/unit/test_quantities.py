import pytest

from geolocdesk.quantities import (
    NO_BREAK,
    area_text,
    count_text,
    distance_text,
    radius_text,
    share_text,
    size_text,
)


def plain(text: str) -> str:
    return text.replace(NO_BREAK, " ")


@pytest.mark.parametrize(
    ("distance_km", "text"),
    [
        (0.0, "0 m"),
        (0.8504, "850 m"),
        (0.9994, "999 m"),
        (0.9996, "1.0 km"),
        (3.24, "3.2 km"),
        (9.949, "9.9 km"),
        (9.951, "10 km"),
        (412.4, "412 km"),
        (999.6, "1,000 km"),
        (12_537.0, "12,500 km"),
        (20_015.0, "20,000 km"),
    ],
)
def test_distances_keep_what_they_can_carry(distance_km: float, text: str) -> None:
    assert plain(distance_text(distance_km)) == text


@pytest.mark.parametrize(
    ("area_km2", "text"),
    [
        (0.0, "0 km²"),
        (0.84, "0.84 km²"),
        (412.0, "412 km²"),
        (12_345.0, "12,300 km²"),
        (999_600.0, "1 million km²"),
        (1_254_000.0, "1.25 million km²"),
        (510_000_000.0, "510 million km²"),
    ],
)
def test_areas_keep_three_digits(area_km2: float, text: str) -> None:
    assert plain(area_text(area_km2)) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (1e-9, "< 1 %"), (0.0099, "< 1 %"), (0.01, "1 %"), (0.425, "42 %"), (0.994, "> 99 %")],
)
def test_shares_are_whole_per_cent(share: float, text: str) -> None:
    assert plain(share_text(share)) == text


def test_only_a_certainty_is_written_as_one() -> None:
    assert plain(share_text(0.999999)) == "> 99 %"
    assert plain(share_text(1.0)) == "100 %"


def test_sizes_name_the_exact_byte_count() -> None:
    assert plain(size_text(812)) == "812 bytes"
    assert plain(size_text(2_412_345)) == "2.41 MB (2,412,345 bytes)"


def test_counts_agree_with_their_noun() -> None:
    assert plain(count_text(1, "photo")) == "1 photo"
    assert plain(count_text(1200, "photo")) == "1,200 photos"
    assert plain(count_text(2, "entry", "entries")) == "2 entries"


def test_radii_are_exact() -> None:
    assert plain(radius_text(1.0)) == "1 km"
    assert plain(radius_text(2500.0)) == "2,500 km"
