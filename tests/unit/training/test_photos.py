from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from geolocdesk.errors import SourceError, UsageError
from geolocdesk.reference.sources.selection import Selection
from geolocdesk.training.photos import TrainingPhotos, choose_validation, read_training_photos

EVERYTHING = Selection()


def write_table(path: Path, header: str, rows: list[str]) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def table_with_places(path: Path, places: int = 40, photographers: int = 7) -> Path:
    generator = np.random.default_rng(1)
    rows = [
        f"{place}_{view}.jpg,{generator.uniform(-60, 60)},{generator.uniform(-180, 180)},p{place},a{place % photographers}"
        for place in range(places)
        for view in range(4)
    ]
    return write_table(path / "photos.csv", "file,latitude,longitude,place,photographer", rows)


def shared_by(photos: TrainingPhotos, apart: NDArray[np.bool_], part: int) -> set[str]:
    names = [Path(file).stem.split("_")[0] for file in photos.files]
    keys = [name if part == 0 else str(int(name) % 13) for name in names]
    return {key for key, kept in zip(keys, apart, strict=True) if kept} & {
        key for key, kept in zip(keys, apart, strict=True) if not kept
    }


@pytest.mark.parametrize("seed", range(5))
def test_neither_a_place_nor_a_photographer_is_on_both_sides(tmp_path: Path, seed: int) -> None:
    photos = read_training_photos(table_with_places(tmp_path, 60, 13), EVERYTHING)
    assert photos.grouped_by == "place and photographer"
    apart = choose_validation(photos, 0.2, seed)
    assert 0.1 < apart.mean() < 0.3
    assert not shared_by(photos, apart, 0)
    assert not shared_by(photos, apart, 1)


def test_the_choice_follows_the_seed_and_not_the_order_of_the_rows(tmp_path: Path) -> None:
    path = table_with_places(tmp_path, photographers=40)
    first = read_training_photos(path, EVERYTHING)
    lines = path.read_text().splitlines()
    again = read_training_photos(write_table(tmp_path / "other.csv", lines[0], lines[1:]), EVERYTHING)
    chosen = choose_validation(first, 0.2, 3)
    assert chosen.tolist() == choose_validation(again, 0.2, 3).tolist()
    assert chosen.tolist() != choose_validation(first, 0.2, 4).tolist()


def test_without_places_or_photographers_nearby_photos_stay_together(tmp_path: Path) -> None:
    rows = [f"{number}.jpg,{10 + number // 4},{20 + (number % 4) * 1e-4}" for number in range(80)]
    photos = read_training_photos(
        write_table(tmp_path / "photos.csv", "file,latitude,longitude", rows), EVERYTHING
    )
    assert photos.grouped_by == "position, to a hundredth of a degree"
    apart = choose_validation(photos, 0.25, 0)
    assert apart.any()
    assert all(len(set(apart[start : start + 4].tolist())) == 1 for start in range(0, 80, 4))


def test_one_photographer_of_everything_cannot_be_parted(tmp_path: Path) -> None:
    photos = read_training_photos(table_with_places(tmp_path, photographers=1), EVERYTHING)
    with pytest.raises(UsageError, match="kept apart by place and photographer"):
        choose_validation(photos, 0.1, 0)
    assert not choose_validation(photos, 0.0, 0).any()


def test_rows_without_a_position_are_named_and_left_out(tmp_path: Path) -> None:
    rows = ["a.jpg,1,2,x", "b.jpg,,2,x", ",1,2,x", "c.jpg,95,2,x", "d.jpg,3,4,y"]
    photos = read_training_photos(
        write_table(tmp_path / "photos.csv", "file,latitude,longitude,place", rows), EVERYTHING
    )
    assert photos.files == ("a.jpg", "d.jpg")
    assert len(photos.rejected) == 3
    assert photos.paths[0] == tmp_path / "a.jpg"
    with pytest.raises(SourceError, match="No selected row"):
        read_training_photos(tmp_path / "photos.csv", Selection.parse(["place=z"]))


def test_unreadable_photos_leave_everything_in_step(tmp_path: Path) -> None:
    photos = read_training_photos(table_with_places(tmp_path, 5), EVERYTHING)
    rest = photos.without([0, 7], ["one", "two"])
    assert len(rest) == len(rest.positions) == len(rest.groups) == len(rest.files) == 18
    assert rest.files[0] == "0_1.jpg"
    assert rest.rejected == ("one", "two")
