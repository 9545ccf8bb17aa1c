"""Tables and selections."""

from pathlib import Path

import pytest

from geolocdesk.errors import SourceError, UsageError
from geolocdesk.geodesy import Position
from geolocdesk.reference.sources import open_source
from geolocdesk.reference.sources.csv_file import CsvSource
from geolocdesk.reference.sources.selection import Selection
from geolocdesk.unavailable import Unavailable


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "photos.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_row_carries_all_its_columns(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "file,latitude,longitude,id,place,photographer,captured_at,licence,url,country\n"
        "a/b.jpg,1.5,-2.25,x1,p1,Ann,2020-01-02,CC0,https://example.org/1,GB\n",
    )
    (row,) = open_source(path).rows()
    assert row.path == tmp_path / "a/b.jpg"
    assert row.position == Position(1.5, -2.25)
    assert (row.reference_id, row.place, row.photographer) == ("x1", "p1", "Ann")
    assert (row.captured_at, row.licence, row.url, row.country) == (
        "2020-01-02",
        "CC0",
        "https://example.org/1",
        "GB",
    )


def test_what_a_table_does_not_say_is_not_available(tmp_path: Path) -> None:
    path = table(tmp_path, "file,latitude,longitude,place\na.jpg,0,0,\n")
    (row,) = open_source(path).rows()
    assert row.place is Unavailable.NOT_AVAILABLE
    assert row.photographer is Unavailable.NOT_AVAILABLE
    assert row.reference_id == "a.jpg"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (",1,2", "file is empty"),
        ("a.jpg,,2", "empty"),
        ("a.jpg,north,2", "not a number"),
        ("a.jpg,nan,2", "not a finite number"),
        ("a.jpg,90.1,2", "out of range"),
        ("a.jpg,1,-180.5", "out of range"),
    ],
)
def test_an_unusable_row_is_named_and_not_dropped(tmp_path: Path, cells: str, reason: str) -> None:
    path = table(tmp_path, f"file,latitude,longitude\nok.jpg,1,2\n{cells}\n")
    good, bad = open_source(path).rows()
    assert good.rejected == ""
    assert reason in bad.rejected


def test_byte_order_mark_case_and_spaces_in_the_header_do_not_matter(tmp_path: Path) -> None:
    path = table(tmp_path, " File , LATITUDE,Longitude\na.jpg, 3 , 4 \n", "utf-8-sig")
    (row,) = open_source(path).rows()
    assert row.position == Position(3.0, 4.0)


def test_rows_longer_or_shorter_than_the_header_do_not_end_the_build(tmp_path: Path) -> None:
    path = table(tmp_path, "file,latitude,longitude\na.jpg,1,2,surplus\nb.jpg,1\n")
    first, second = open_source(path).rows()
    assert first.rejected == ""
    assert "empty" in second.rejected


def test_a_table_without_its_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="lacks the columns latitude, longitude"):
        open_source(table(tmp_path, "file,lat,lon\n"))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="names none"):
        open_source(table(tmp_path, ""))


def test_another_encoding_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="CSV UTF-8"):
        open_source(table(tmp_path, "file,latitude,longitude\nä.jpg,1,2\n", "latin-1")).count()


def test_nothing_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nothing at"):
        open_source(tmp_path / "absent.csv")


def test_an_unknown_format_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not known"):
        open_source(tmp_path, "xml")


def test_selection_joins_values_of_a_column_and_requires_every_column(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "file,latitude,longitude,view,split\n"
        "a,0,0,0,reference\nb,0,0,1,reference\nc,0,0,2,reference\nd,0,0,1,query\n",
    )
    for conditions in (["view=0,1", "split=reference"], ["view=0", "view=1", "split=reference"]):
        source = CsvSource(path, Selection.parse(conditions))
        assert [row.file for row in source.rows()] == ["a", "b"]
        assert [row.number for row in source.rows()] == [0, 1]
        assert source.count() == 2


def test_selecting_by_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path, "file,latitude,longitude\na,0,0\n")
    with pytest.raises(SourceError, match="lacks the column split"):
        open_source(path, "csv", Selection.parse(["split=query"]))


@pytest.mark.parametrize("condition", ["view", "=3", " =3"])
def test_a_condition_without_column_or_value_is_wrong_usage(condition: str) -> None:
    with pytest.raises(UsageError, match="COLUMN=VALUE"):
        Selection.parse([condition])


def test_another_selection_is_another_source(tmp_path: Path) -> None:
    path = table(tmp_path, "file,latitude,longitude,view\na,0,0,1\n")
    whole, part = CsvSource(path, Selection()), CsvSource(path, Selection.parse(["view=1"]))
    assert whole.to_json() != part.to_json()


def test_the_source_knows_when_its_table_changes(tmp_path: Path) -> None:
    before = CsvSource(table(tmp_path, "file,latitude,longitude\na,0,0\n"), Selection()).to_json()
    after = CsvSource(table(tmp_path, "file,latitude,longitude\na,0,1\n"), Selection()).to_json()
    assert before != after
