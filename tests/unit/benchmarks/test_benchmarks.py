"""The benchmarks run: with tiny sizes, to see that they measure something and write it down."""

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.benchmarks import __main__ as benchmarks
from tests.benchmarks.density import neighbour_lists, released_grids
from tests.benchmarks.table import Line, Section, as_json, as_markdown, seconds_of
from tests.benchmarks.throughput import photos_at


def test_a_table_shows_every_line_with_its_ratio() -> None:
    section = Section("Title", "time, as a multiple", (Line("one", 1.23456, "ms", 2.0), Line("two", 3.0, "")))
    text = as_markdown([section], "a machine")
    assert text.startswith("Measured on a machine.\n\n### Title\n\nRatio: time, as a multiple.\n")
    assert "| one | 1.235 ms | 2 |" in text
    assert "| two | 3  |  |" in text
    assert json.loads(as_json([section], "a machine"))["sections"][0]["lines"][0]["value"] == 1.23456


def test_the_first_call_is_not_counted() -> None:
    calls: list[int] = []
    assert seconds_of(lambda: calls.append(1), for_s=0.0, least=3) >= 0.0
    assert len(calls) == 4


def test_the_released_programs_grids_find_the_cell_of_a_lonely_neighbour() -> None:
    latitudes, longitudes, distances = neighbour_lists(1)[0]
    latitudes[:], longitudes[:] = 40.25, 20.75
    assert released_grids((latitudes, longitudes, distances)) == (900 + 402, 1800 + 207)


def test_photos_come_from_a_table_or_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    table = tmp_path / "photos.csv"
    table.write_text("file,latitude,longitude\na.jpg,1,2\nb.jpg,3,4\n")
    assert [path.name for path in photos_at(table, 1).paths] == ["a.jpg"]
    assert [path.name for path in photos_at(tmp_path, 9).paths] == ["a.jpg"]


@pytest.mark.parametrize("part", ["density", "search", "photos"])
def test_a_part_is_measured_and_written_down(
    part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        Image.new("RGB", (60, 40), (90 * number, 80, 40)).save(folder / f"{number}.jpg")
    asked = ["--quick", "--only", part, "--photos", str(folder), "--out", str(tmp_path / "out")]
    assert benchmarks.main(asked) == 0
    shown = capsys.readouterr().out
    written = json.loads((tmp_path / "out" / "speed.json").read_text())
    assert written["sections"]
    for section in written["sections"]:
        assert f"### {section['title']}" in shown
        assert section["title"] in (tmp_path / "out" / "speed.md").read_text()
        assert any(line["ratio"] == 1.0 for line in section["lines"])
        assert all(line["value"] > 0 for line in section["lines"])
