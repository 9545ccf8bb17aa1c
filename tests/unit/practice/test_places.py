import numpy as np
import pytest

from geolocdesk.geodesy import great_circle_km
from geolocdesk.practice.geography import load_geography
from geolocdesk.practice.look import Place
from geolocdesk.practice.places import choose_places
from geolocdesk.practice.regions import region_at

CONTINENTS = {
    "Africa": {"maghreb", "sahel", "west_africa", "east_africa", "southern_africa"},
    "America": {"us_east", "us_west", "canada", "mexico", "caribbean"},
    "Asia": {"south_asia", "indochina", "malay", "china", "korea", "japan", "iran", "central_asia"},
    "Europe": {
        "britain",
        "nordic",
        "west_europe",
        "central_europe",
        "iberia",
        "italy",
        "balkans",
        "east_europe",
    },
    "Oceania": {"australia", "new_zealand", "pacific"},
    "South America": {"andes", "brazil", "southern_cone"},
}


@pytest.fixture(scope="module")
def places() -> tuple[Place, ...]:
    return choose_places(load_geography(), count=128, seed=2017)


def test_the_same_seed_gives_the_same_places(places: tuple[Place, ...]) -> None:
    assert choose_places(load_geography(), count=128, seed=2017) == places
    assert choose_places(load_geography(), count=128, seed=2018) != places


def test_a_longer_list_begins_with_the_shorter(places: tuple[Place, ...]) -> None:
    assert choose_places(load_geography(), count=20, seed=2017) == places[:20]


def test_all_are_on_land_and_have_a_name_of_their_own(places: tuple[Place, ...]) -> None:
    geography = load_geography()
    assert all(geography.country_at(place.position) for place in places)
    assert len({place.name for place in places}) == len({place.seed for place in places}) == 128


def test_every_inhabited_continent_is_there(places: tuple[Place, ...]) -> None:
    geography = load_geography()
    names = [region_at(geography.country_at(place.position) or "", place.position).name for place in places]
    for continent, regions in CONTINENTS.items():
        assert sum(name in regions for name in names) >= 2, continent


def test_people_attract_photos(places: tuple[Place, ...]) -> None:
    geography = load_geography()
    land = np.argwhere(geography.coast_km > 0)
    typical = float(np.median(geography.town_density[land[:, 0], land[:, 1]]))
    visited = float(np.median([geography.density_at(place.position) for place in places]))
    assert visited > 5 * typical + 1


def test_about_a_third_lies_near_another(places: tuple[Place, ...]) -> None:
    latitudes = np.array([place.position.latitude for place in places])
    longitudes = np.array([place.position.longitude for place in places])
    distances = great_circle_km(latitudes[:, None], longitudes[:, None], latitudes, longitudes)
    np.fill_diagonal(distances, np.inf)
    near = (distances.min(axis=1) < 41).mean()
    assert 0.3 < near < 0.75


def test_photos_are_taken_by_day(places: tuple[Place, ...]) -> None:
    assert all(5 <= place.captured_at.hour < 20 for place in places)


def test_an_outing_is_one_day_in_one_region(places: tuple[Place, ...]) -> None:
    outings: dict[int, list[Place]] = {}
    for place in places:
        outings.setdefault(place.trip_seed, []).append(place)
    assert sum(len(outing) > 1 for outing in outings.values()) > 10
    for outing in outings.values():
        assert len({place.captured_at.date() for place in outing}) == 1
        first = outing[0].position
        for place in outing:
            distance_km = great_circle_km(
                first.latitude, first.longitude, place.position.latitude, place.position.longitude
            )
            assert distance_km < 40 * len(outing)
