import csv
import hashlib
import io
from pathlib import Path

import exifread
import pytest
from PIL import Image, UnidentifiedImageError

from geolocdesk.errors import OutputError
from geolocdesk.practice import world as world_module
from geolocdesk.practice.drawing import MARK
from geolocdesk.practice.photo_file import DESCRIPTION
from geolocdesk.practice.plan import PlaceTask
from geolocdesk.practice.world import COLUMNS, STAMP_FILE, PracticeWorld, draw_practice_world
from geolocdesk.progress import Cancelled, Progress

SIZE = {"seed": 7, "places": 4, "views": 1}


def draw(folder: Path, **changes: int) -> PracticeWorld:
    return draw_practice_world(folder, **{**SIZE, **changes})  # type: ignore[arg-type]


def fingerprints(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> PracticeWorld:
    return draw(tmp_path_factory.mktemp("practice") / "world")


@pytest.fixture
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_folder: Path, _task: PlaceTask) -> int:
        pytest.fail("drew a photo of a world that was finished")

    monkeypatch.setattr(world_module, "draw_place", refuse)


def test_every_promised_file_is_there_and_nothing_else(world: PracticeWorld) -> None:
    expected = {photo.file for photo in world.photos} | {"references.csv", "queries.csv", STAMP_FILE}
    expected |= {path.relative_to(world.folder).as_posix() for path in world.damaged}
    assert set(fingerprints(world.folder)) == expected


def test_two_processes_draw_the_same_bytes(world: PracticeWorld, tmp_path: Path) -> None:
    draw(tmp_path / "world", workers=2)
    assert fingerprints(tmp_path / "world") == fingerprints(world.folder)


@pytest.mark.usefixtures("no_drawing")
def test_a_finished_world_is_returned_at_once(world: PracticeWorld) -> None:
    before = fingerprints(world.folder)
    assert draw(world.folder) == world
    assert fingerprints(world.folder) == before


def test_each_photo_opens_and_says_that_it_is_synthetic(world: PracticeWorld) -> None:
    for photo in world.photos:
        content = (world.folder / photo.file).read_bytes()
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
            assert picture.format == "JPEG"
        tags = exifread.process_file(io.BytesIO(content), details=True)
        assert str(tags["Image ImageDescription"]) == DESCRIPTION
        assert str(tags["Image Artist"]) == photo.photographer
        if photo.lesson != "other_heading":
            assert ("GPS GPSLatitude" in tags) == (photo.lesson not in {"copy", "no_gps"})
    assert "synthetic" in MARK


def test_the_damaged_file_is_no_picture(world: PracticeWorld) -> None:
    assert [path.name for path in world.damaged] == ["damaged.jpg"]
    with pytest.raises(UnidentifiedImageError):
        Image.open(world.damaged[0])


def test_the_tables_tell_the_truth_about_every_photo(world: PracticeWorld) -> None:
    photos = {photo.file: photo for photo in world.photos}
    seen = set()
    for table, split in ((world.references_csv, "reference"), (world.queries_csv, "query")):
        with table.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert tuple(rows[0]) == COLUMNS
        for row in rows:
            photo = photos[row["file"]]
            seen.add(photo.file)
            assert (float(row["latitude"]), float(row["longitude"])) == (
                photo.position.latitude,
                photo.position.longitude,
            )
            assert (row["split"], row["kind"], row["lesson"], row["country"]) == (
                split,
                photo.kind,
                photo.lesson,
                photo.country,
            )
            assert "synthetic" in row["licence"]
            assert (table.parent / row["file"]).is_file()
    assert seen == set(photos)


def test_a_cancelled_run_leaves_no_world_and_the_next_one_is_whole(
    world: PracticeWorld, tmp_path: Path
) -> None:
    def cancel_halfway(progress: Progress) -> None:
        if progress.done > 5:
            raise Cancelled

    folder = tmp_path / "world"
    with pytest.raises(Cancelled):
        draw_practice_world(folder, seed=7, places=4, views=1, progress=cancel_halfway)
    assert not folder.exists()
    draw(folder)
    assert fingerprints(folder) == fingerprints(world.folder)
    assert [path.name for path in tmp_path.iterdir()] == ["world"]


def test_progress_counts_every_photo(tmp_path: Path) -> None:
    reports: list[Progress] = []
    made = draw_practice_world(tmp_path / "world", seed=7, places=1, views=1, progress=reports.append)
    assert reports[0].done == 0
    assert [report.done for report in reports] == sorted(report.done for report in reports)
    assert reports[-1].done == reports[-1].total == len(made.photos)


def test_another_seed_replaces_the_world(tmp_path: Path) -> None:
    first = draw(tmp_path / "world", places=1)
    second = draw(tmp_path / "world", places=1, seed=8)
    assert {photo.position for photo in first.photos}.isdisjoint({photo.position for photo in second.photos})
    assert set(fingerprints(tmp_path / "world")) >= {photo.file for photo in second.photos}


def test_a_world_with_a_missing_photo_is_drawn_anew(tmp_path: Path) -> None:
    made = draw(tmp_path / "world", places=1)
    before = fingerprints(made.folder)
    (made.folder / made.photos[0].file).unlink()
    draw(made.folder, places=1)
    assert fingerprints(made.folder) == before


@pytest.mark.usefixtures("no_drawing")
def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "world").mkdir()
    (tmp_path / "world" / "diary.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="other than a practice world"):
        draw(tmp_path / "world")
    (tmp_path / "other.partial").mkdir()
    (tmp_path / "other.partial" / "diary.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="in the way"):
        draw(tmp_path / "other")
    assert (tmp_path / "world" / "diary.txt").is_file()
    assert (tmp_path / "other.partial" / "diary.txt").is_file()


@pytest.mark.usefixtures("no_drawing")
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="could not be written"):
        draw(tmp_path / "file" / "world")
