"""What a pack knows of its photos."""

from pathlib import Path

import pytest

from geolocdesk.errors import PackError
from geolocdesk.geodesy import Position
from geolocdesk.reference.metadata import Metadata, write_metadata
from geolocdesk.reference.neighbours import ReferencePhoto
from geolocdesk.reference.thumbnails import Thumbnails, write_thumbnails
from geolocdesk.unavailable import Unavailable


def photo(row: int, **described: str) -> ReferencePhoto:
    return ReferencePhoto(
        row=row,
        reference_id=f"id{row}",
        position=Position(row / 100, -row / 100),
        file=f"{row}.jpg",
        **described,
    )


@pytest.fixture
def photos() -> list[ReferencePhoto]:
    return [
        photo(row, place=f"p{row // 4}", photographer=f"ann{row % 3}", licence="CC0" if row % 2 else "CC BY")
        for row in range(1200)
    ]


@pytest.fixture
def metadata(tmp_path: Path, photos: list[ReferencePhoto]) -> Metadata:
    write_metadata(tmp_path / "m.sqlite", ((item, f"{item.row:064x}") for item in photos))
    return Metadata(tmp_path / "m.sqlite")


def test_photos_come_back_as_written_in_the_order_asked(
    metadata: Metadata, photos: list[ReferencePhoto]
) -> None:
    rows = [1100, 3, 777, *range(600)]
    assert metadata.photos(rows) == tuple(photos[row] for row in rows)
    assert metadata.count == 1200
    metadata.close()


def test_missing_columns_come_back_as_not_available(tmp_path: Path) -> None:
    write_metadata(tmp_path / "m.sqlite", [(photo(0), "0" * 64)])
    metadata = Metadata(tmp_path / "m.sqlite")
    (found,) = metadata.photos([0])
    assert found == photo(0)
    assert found.licence is Unavailable.NOT_AVAILABLE
    assert metadata.licences() == {"not available": 1}
    metadata.close()


def test_rows_are_found_by_id_place_photographer_and_content(metadata: Metadata) -> None:
    assert metadata.rows_with(reference_ids=["id7", "nobody"]).tolist() == [7]
    assert metadata.rows_with(places=["p2"]).tolist() == [8, 9, 10, 11]
    assert len(metadata.rows_with(photographers=["ann0"])) == 400
    assert metadata.rows_with(sha256s=[f"{5:064x}"]).tolist() == [5]
    assert metadata.rows_with(places=["p0"], reference_ids=["id1", "id9"]).tolist() == [0, 1, 2, 3, 9]
    assert metadata.rows_with().tolist() == []
    metadata.close()


def test_more_ids_than_fit_one_query_are_found(metadata: Metadata) -> None:
    assert len(metadata.rows_with(reference_ids=[f"id{row}" for row in range(1200)])) == 1200
    metadata.close()


def test_a_value_that_looks_like_sql_is_only_a_value(metadata: Metadata) -> None:
    assert metadata.rows_with(places=["p0') OR 1=1 --"]).tolist() == []
    metadata.close()


def test_all_photos_come_in_row_order(metadata: Metadata, photos: list[ReferencePhoto]) -> None:
    assert list(metadata.all_photos()) == photos
    metadata.close()


def test_a_row_that_is_not_there_means_damage(metadata: Metadata) -> None:
    with pytest.raises(PackError, match="damaged"):
        metadata.photos([5000])
    metadata.close()


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.sqlite"
    path.write_bytes(b"not a database, though it is long enough to be taken for one" * 10)
    with pytest.raises(PackError, match="damaged"):
        Metadata(path)
    with pytest.raises(PackError, match="lacks its file"):
        Metadata(tmp_path / "absent.sqlite")


def test_opening_changes_nothing_on_disk(tmp_path: Path, metadata: Metadata) -> None:
    before = (tmp_path / "m.sqlite").read_bytes()
    metadata.photos([1, 2, 3])
    metadata.close()
    assert (tmp_path / "m.sqlite").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["m.sqlite"]


def test_thumbnails_come_back_by_row(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    assert write_thumbnails(path, [(0, b"first"), (4, b"fifth")]) == 2
    thumbnails = Thumbnails(path)
    assert (thumbnails.thumbnail(0), thumbnails.thumbnail(4), thumbnails.thumbnail(1)) == (
        b"first",
        b"fifth",
        None,
    )
    thumbnails.close()
