"""Decides which photos the practice world has before any is drawn: references, queries and their stories."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from geolocdesk.geodesy import Position, great_circle_km
from geolocdesk.practice.geography import Geography
from geolocdesk.practice.look import Place
from geolocdesk.practice.photo_file import PhotoMetadata
from geolocdesk.practice.places import choose_places

LICENCE = "CC0-1.0 (synthetic)"
HELD_OUT_VIEW = 3
"""The view of a reference place that is never a reference, so that queries may show it."""

Lesson = Literal["reference", "new_place", "other_heading", "copy", "no_gps", "planted_gps"]
"""What a photo is there to show.

``new_place``: no reference shows the place. ``other_heading``: references show the place, looking elsewhere.
``copy``: a reference photo cropped, shrunk and compressed again. ``no_gps``: as other_heading, without GPS in
the file. ``planted_gps``: as other_heading, but the file's GPS names a place far away.
"""

QUERY_COUNTS: dict[Lesson, int] = {
    "new_place": 8,
    "other_heading": 8,
    "copy": 5,
    "no_gps": 1,
    "planted_gps": 1,
}
REFERENCE_COPIES = 12
DAMAGED_FILES = ("query/damaged.jpg",)
"""Queries that are no readable photos; they stand in no CSV."""

_PHOTOGRAPHERS = 14


@dataclass(frozen=True, slots=True)
class PracticePhoto:
    """One photo of the practice world and the truth about it."""

    file: str
    """Path relative to the world's folder, with forward slashes."""
    position: Position
    """Where it was taken, whatever the file's own GPS says."""
    place: str
    view: int
    """0 to 3: which way the camera looks, a quarter turn apart."""
    split: Literal["reference", "query"]
    kind: Literal["original", "copy"]
    lesson: Lesson
    photographer: str
    captured_at: str
    """ISO 8601, local solar time."""
    licence: str
    country: str
    """ISO 3166-1 alpha-2."""

    @property
    def photo_id(self) -> str:
        """Return the id used in a reference pack."""
        return self.file.rsplit("/", 1)[-1].removesuffix(".jpg")


@dataclass(frozen=True, slots=True)
class PhotoTask:
    """One file to draw."""

    photo: PracticePhoto
    heading_deg: float
    metadata: PhotoMetadata
    copy_seed: int | None
    """Seed of the changes to a re-shared copy, None for an original."""


@dataclass(frozen=True, slots=True)
class PlaceTask:
    """All files of one place, drawn together because they share its scene."""

    place: Place
    photos: tuple[PhotoTask, ...]


def plan_world(geography: Geography, *, seed: int, places: int, views: int) -> tuple[PlaceTask, ...]:
    """Return what to draw: ``places`` reference places with ``views`` (1 to 3) photos each, and the queries."""
    rng = np.random.default_rng([seed, 23])
    chosen = choose_places(geography, count=places + QUERY_COUNTS["new_place"], seed=seed)
    order = [int(index) for index in rng.permutation(len(chosen))]
    new = {chosen[index].name for index in order[:places][: QUERY_COUNTS["new_place"]]}
    references = [place for place in chosen if place.name not in new]
    planner = _Planner(geography, seed, rng)
    for place in references:
        for view in range(views):
            planner.add(place, view, "reference", f"reference/{place.name}-v{view}.jpg")
    for place, view in planner.some_references(references, views, REFERENCE_COPIES):
        planner.add(place, view, "reference", f"reference/{place.name}-v{view}-copy.jpg", copied=True)
    _plan_queries(planner, references, [place for place in chosen if place.name in new], views)
    return planner.tasks()


def _plan_queries(planner: "_Planner", references: list[Place], new: list[Place], views: int) -> None:
    for number, place in enumerate(new, start=1):
        planner.add(place, (number - 1) % 4, "new_place", f"query/new-place-{number:02d}.jpg")
    seen = [place for place, _ in planner.some_references(references, 1, _SEEN_PLACES)]
    for number, place in enumerate(seen[:-2], start=1):
        file = f"query/other-heading-{number:02d}.jpg"
        planner.add(place, HELD_OUT_VIEW, "other_heading", file, with_gps=number % 2 == 1)
    planner.add(seen[-2], HELD_OUT_VIEW, "no_gps", "query/no-gps.jpg", with_gps=False)
    far = max(references, key=lambda place: _distance_km(place.position, seen[-1].position))
    planner.add(seen[-1], HELD_OUT_VIEW, "planted_gps", "query/planted-gps.jpg", planted=far.position)
    for number, (place, view) in enumerate(
        planner.some_references(references, views, QUERY_COUNTS["copy"]), start=1
    ):
        planner.add(place, view, "copy", f"query/copy-{number:02d}.jpg", copied=True, with_gps=False)


_SEEN_PLACES = QUERY_COUNTS["other_heading"] + QUERY_COUNTS["no_gps"] + QUERY_COUNTS["planted_gps"]


class _Planner:
    """Collects photos place by place."""

    def __init__(self, geography: Geography, seed: int, rng: np.random.Generator) -> None:
        self._geography, self._seed, self._rng = geography, seed, rng
        self._photos: dict[str, list[PhotoTask]] = {}
        self._places: dict[str, Place] = {}
        self._studios = choose_places(geography, count=_PHOTOGRAPHERS, seed=seed + 1, prefix="studio")

    def some_references(self, places: list[Place], views: int, count: int) -> list[tuple[Place, int]]:
        """Return ``count`` different places, fewer if there are not as many, each with one of its views."""
        order = self._rng.permutation(len(places))[:count]
        return [(places[int(index)], int(self._rng.integers(views))) for index in order]

    def add(
        self,
        place: Place,
        view: int,
        lesson: Lesson,
        file: str,
        *,
        copied: bool = False,
        with_gps: bool = True,
        planted: Position | None = None,
    ) -> None:
        """Plan one photo."""
        heading = (place.road_bearing_deg + place.heading_offset_deg + 90 * view) % 360
        photographer = self._photographer(place.position)
        remark = "practice: re-shared copy" if copied else ""
        if planted is not None:
            remark = "practice: GPS planted far away"
        photo = PracticePhoto(
            file=file,
            position=place.position,
            place=place.name,
            view=view,
            split="reference" if lesson == "reference" else "query",
            kind="copy" if copied else "original",
            lesson=lesson,
            photographer=photographer,
            captured_at=place.captured_at.isoformat(),
            licence=LICENCE,
            country=self._geography.country_at(place.position) or "",
        )
        metadata = PhotoMetadata(
            photographer=photographer,
            captured_at=None if lesson == "copy" else place.captured_at,
            position=(planted or place.position) if with_gps else None,
            direction_deg=heading,
            remark=remark,
        )
        copy_seed = place.seed + view + (7 if lesson == "copy" else 0) if copied else None
        self._places[place.name] = place
        self._photos.setdefault(place.name, []).append(PhotoTask(photo, heading, metadata, copy_seed))

    def tasks(self) -> tuple[PlaceTask, ...]:
        """Return the plan, place by place in the order of their names."""
        return tuple(
            PlaceTask(self._places[name], tuple(self._photos[name])) for name in sorted(self._places)
        )

    def _photographer(self, position: Position) -> str:
        """Return who took it: one of a few invented people, each at home in one part of the world."""
        distances = [_distance_km(position, studio.position) for studio in self._studios]
        return f"Practice photographer {chr(ord('A') + int(np.argmin(distances)))}"


def _distance_km(first: Position, second: Position) -> float:
    return float(great_circle_km(first.latitude, first.longitude, second.latitude, second.longitude))
