from collections import Counter

import pytest

from geolocdesk.geodesy import great_circle_km
from geolocdesk.practice.geography import load_geography
from geolocdesk.practice.plan import (
    HELD_OUT_VIEW,
    QUERY_COUNTS,
    REFERENCE_COPIES,
    PhotoTask,
    PracticePhoto,
    plan_world,
)


@pytest.fixture(scope="module")
def tasks() -> list[PhotoTask]:
    return [
        task
        for place in plan_world(load_geography(), seed=2017, places=120, views=3)
        for task in place.photos
    ]


@pytest.fixture(scope="module")
def photos(tasks: list[PhotoTask]) -> list[PracticePhoto]:
    return [task.photo for task in tasks]


def test_there_are_as_many_photos_of_each_kind_as_promised(photos: list[PracticePhoto]) -> None:
    counts = Counter(photo.lesson for photo in photos)
    assert {lesson: counts[lesson] for lesson in QUERY_COUNTS} == QUERY_COUNTS
    assert counts["reference"] == 3 * 120 + REFERENCE_COPIES
    assert len({photo.file for photo in photos}) == len({photo.photo_id for photo in photos}) == len(photos)


def test_new_places_are_in_no_reference(photos: list[PracticePhoto]) -> None:
    known = {photo.place for photo in photos if photo.split == "reference"}
    assert len(known) == 120
    new = [photo for photo in photos if photo.lesson == "new_place"]
    assert not known & {photo.place for photo in new}
    assert len({photo.place for photo in new}) == len(new)


def test_other_headings_show_known_places_from_the_held_out_view(photos: list[PracticePhoto]) -> None:
    known = {photo.place for photo in photos if photo.split == "reference"}
    assert HELD_OUT_VIEW not in {photo.view for photo in photos if photo.split == "reference"}
    for photo in photos:
        if photo.lesson in {"other_heading", "no_gps", "planted_gps"}:
            assert photo.place in known
            assert (photo.view, photo.kind) == (HELD_OUT_VIEW, "original")


def test_copies_repeat_a_reference_and_say_so(photos: list[PracticePhoto]) -> None:
    originals = {
        (photo.place, photo.view)
        for photo in photos
        if photo.split == "reference" and photo.kind == "original"
    }
    copies = [photo for photo in photos if photo.kind == "copy"]
    assert Counter(photo.split for photo in copies) == {
        "reference": REFERENCE_COPIES,
        "query": QUERY_COUNTS["copy"],
    }
    assert all((photo.place, photo.view) in originals for photo in copies)
    assert all("copy" in photo.photo_id for photo in copies)


def test_gps_is_true_missing_or_planted_as_the_lesson_says(tasks: list[PhotoTask]) -> None:
    for task in tasks:
        claimed, truth = task.metadata.position, task.photo.position
        if task.photo.lesson in {"no_gps", "copy"}:
            assert claimed is None
        elif task.photo.lesson == "planted_gps":
            assert claimed is not None
            distance_km = great_circle_km(
                claimed.latitude, claimed.longitude, truth.latitude, truth.longitude
            )
            assert distance_km > 5000
            assert "GPS planted far away" in task.metadata.remark
        else:
            assert claimed in ({truth, None} if task.photo.lesson == "other_heading" else {truth})


def test_views_of_a_place_are_a_quarter_turn_apart(tasks: list[PhotoTask]) -> None:
    headings: dict[str, dict[int, float]] = {}
    for task in tasks:
        headings.setdefault(task.photo.place, {})[task.photo.view] = task.heading_deg
    for views in headings.values():
        first_view, first = next(iter(views.items()))
        for view, heading in views.items():
            assert (heading - first) % 360 == pytest.approx(90 * (view - first_view) % 360)


def test_every_photo_is_on_the_land_of_its_country(photos: list[PracticePhoto]) -> None:
    geography = load_geography()
    assert all(geography.country_at(photo.position) == photo.country for photo in photos)


def test_photographers_are_at_home_somewhere(photos: list[PracticePhoto]) -> None:
    by_place: dict[str, set[str]] = {}
    for photo in photos:
        by_place.setdefault(photo.place, set()).add(photo.photographer)
    assert all(len(names) == 1 for names in by_place.values())
    assert len(set().union(*by_place.values())) > 5


@pytest.mark.parametrize("places", [1, 2, 5])
def test_a_tiny_world_can_be_planned(places: int) -> None:
    planned = plan_world(load_geography(), seed=1, places=places, views=1)
    assert sum(task.photo.split == "reference" for place in planned for task in place.photos) >= places
