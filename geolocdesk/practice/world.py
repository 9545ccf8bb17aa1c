"""Draws the whole practice world into a folder: reference photos, query photos and a CSV of each."""

import csv
import json
import multiprocessing
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from geolocdesk.errors import OutputError
from geolocdesk.geodesy import Position
from geolocdesk.practice.drawing import draw_photo
from geolocdesk.practice.geography import load_geography
from geolocdesk.practice.photo_file import encode_photo, reshare
from geolocdesk.practice.plan import DAMAGED_FILES, PlaceTask, PracticePhoto, plan_world
from geolocdesk.progress import Progress, ProgressCallback, ignore_progress

WORLD_VERSION = 4
"""Goes up with every change that draws other pictures, so that a folder drawn before is drawn anew."""

STAMP_FILE = "practice-world.json"
REFERENCES_FILE, QUERIES_FILE = "references.csv", "queries.csv"
_UNFINISHED_SUFFIX = ".partial"
_UNFINISHED_MARK = "unfinished practice world"

COLUMNS = (
    "file", "latitude", "longitude", "id", "place", "photographer", "captured_at", "licence", "url",
    "country", "split", "view", "kind", "lesson",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PracticeWorld:
    """A finished practice world on disk."""

    folder: Path
    references_csv: Path
    queries_csv: Path
    photos: tuple[PracticePhoto, ...]
    """Every photo of both CSVs."""
    damaged: tuple[Path, ...]
    """Query files that are no readable photos, planted to show what happens then."""

    @property
    def query_folder(self) -> Path:
        """Return the folder with every query, the damaged one among them."""
        return self.folder / "query"


def draw_practice_world(
    folder: Path,
    *,
    seed: int = 2017,
    places: int = 120,
    views: int = 3,
    workers: int = 1,
    progress: ProgressCallback = ignore_progress,
) -> PracticeWorld:
    """Draw the practice world into ``folder``, or return the one that is there already.

    The folder appears only when everything is drawn. One drawn by another version, from another seed or of
    another size is replaced; a folder that holds anything else is left alone. Raises OutputError.
    """
    stamp = {"practice_world": WORLD_VERSION, "seed": seed, "places": places, "views": views}
    with _writing_to(folder):
        existing = _read_stamp(folder)
        tasks = plan_world(load_geography(), seed=seed, places=places, views=views)
        world = _world(folder, tasks)
        if existing == stamp and _is_complete(world):
            return world
        if existing is None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            message = (
                f"{folder} holds something other than a practice world; choose an empty or a new folder."
            )
            raise OutputError(message)
        unfinished = _start_unfinished(folder)
        _draw_all(unfinished, tasks, workers, progress)
        _write_tables(unfinished, world.photos)
        _write_damaged(unfinished)
        (unfinished / STAMP_FILE).write_text(json.dumps(stamp, sort_keys=True) + "\n", encoding="utf-8")
        (unfinished / _UNFINISHED_MARK).unlink()
        _replace(folder, unfinished)
    return world


def _world(folder: Path, tasks: tuple[PlaceTask, ...]) -> PracticeWorld:
    photos = sorted((task.photo for place in tasks for task in place.photos), key=lambda photo: photo.file)
    return PracticeWorld(
        folder=folder,
        references_csv=folder / REFERENCES_FILE,
        queries_csv=folder / QUERIES_FILE,
        photos=tuple(photos),
        damaged=tuple(folder / name for name in DAMAGED_FILES),
    )


def _read_stamp(folder: Path) -> object:
    """Return what the stamp says, or None where there is none that can be read."""
    try:
        stamp: object = json.loads((folder / STAMP_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return stamp if isinstance(stamp, dict) and "practice_world" in stamp else None


def _is_complete(world: PracticeWorld) -> bool:
    files = [world.folder / photo.file for photo in world.photos]
    return all(file.is_file() for file in [*files, world.references_csv, world.queries_csv, *world.damaged])


@contextmanager
def _writing_to(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"The practice world could not be written to {folder}: {reason}. Free some space or choose another folder."
        raise OutputError(message) from error


def _start_unfinished(folder: Path) -> Path:
    """Return an empty folder beside the final one, in place of any that an earlier run left behind."""
    unfinished = folder.with_name(folder.name + _UNFINISHED_SUFFIX)
    if unfinished.exists():
        if not (unfinished / _UNFINISHED_MARK).is_file() and any(unfinished.iterdir()):
            message = f"{unfinished} is in the way and was not made by this program; move it elsewhere."
            raise OutputError(message)
        shutil.rmtree(unfinished)
    unfinished.mkdir(parents=True)
    (unfinished / _UNFINISHED_MARK).touch()
    for name in ("reference", "query"):
        (unfinished / name).mkdir()
    return unfinished


def _replace(folder: Path, finished: Path) -> None:
    if folder.exists():
        # The stamp goes first: half a deletion must not look like a finished world.
        (folder / STAMP_FILE).unlink(missing_ok=True)
        shutil.rmtree(folder)
    finished.rename(folder)


def _draw_all(folder: Path, tasks: tuple[PlaceTask, ...], workers: int, progress: ProgressCallback) -> None:
    total, done = sum(len(task.photos) for task in tasks), 0
    report = "Drawing the practice world"
    progress(Progress(report, 0, total))
    for drawn in _draw_in_turn(folder, tasks) if workers <= 1 else _draw_in_parallel(folder, tasks, workers):
        done += drawn
        progress(Progress(report, done, total))


def _draw_in_turn(folder: Path, tasks: Iterable[PlaceTask]) -> Iterator[int]:
    for task in tasks:
        yield draw_place(folder, task)


def _draw_in_parallel(folder: Path, tasks: Iterable[PlaceTask], workers: int) -> Iterator[int]:
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        futures = [pool.submit(draw_place, folder, task) for task in tasks]
        for future in as_completed(futures):
            yield future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def draw_place(folder: Path, task: PlaceTask) -> int:
    """Draw and write all photos of one place; return how many."""
    for job in task.photos:
        photo = draw_photo(task.place, job.heading_deg)
        if job.copy_seed is None:
            content = encode_photo(photo, job.metadata)
        else:
            content = encode_photo(reshare(photo, job.copy_seed), job.metadata, quality=62)
        (folder / job.photo.file).write_bytes(content)
    return len(task.photos)


def _write_tables(folder: Path, photos: tuple[PracticePhoto, ...]) -> None:
    for name, split in ((REFERENCES_FILE, "reference"), (QUERIES_FILE, "query")):
        with (folder / name).open("w", encoding="utf-8", newline="") as stream:
            table = csv.writer(stream, lineterminator="\n")
            table.writerow(COLUMNS)
            table.writerows(_row(photo) for photo in photos if photo.split == split)


def _row(photo: PracticePhoto) -> tuple[str, ...]:
    position: Position = photo.position
    return (
        photo.file, f"{position.latitude:.6f}", f"{position.longitude:.6f}", photo.photo_id, photo.place,
        photo.photographer, photo.captured_at, photo.licence, "",
        photo.country, photo.split, str(photo.view), photo.kind, photo.lesson,
    )  # fmt: skip


def _write_damaged(folder: Path) -> None:
    """Write files that begin like a JPEG and hold no picture."""
    for name in DAMAGED_FILES:
        note = b"This file of the geolocdesk practice world is damaged on purpose. "
        (folder / name).write_bytes(
            b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + 40 * note
        )
