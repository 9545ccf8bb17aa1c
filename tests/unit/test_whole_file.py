from pathlib import Path

import pytest

from geolocdesk.errors import OutputError
from geolocdesk.whole_file import whole_file


def test_a_finished_file_takes_its_name(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_text("old")

    with whole_file(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"

    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_text("old")

    def fail_halfway() -> None:
        with whole_file(path) as partial:
            partial.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        fail_halfway()

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_leftover_of_a_killed_program_is_written_over(tmp_path: Path) -> None:
    (tmp_path / ".report.pdf.partial").write_text("half of an earlier one, and longer")

    with whole_file(tmp_path / "report.pdf") as partial:
        partial.write_text("whole")

    assert [path.name for path in tmp_path.iterdir()] == ["report.pdf"]
    assert (tmp_path / "report.pdf").read_text() == "whole"


def test_the_systems_refusal_names_the_file_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "missing" / "report.pdf", tmp_path / "file" / "report.pdf"):
        with (
            pytest.raises(OutputError, match=r"report\.pdf could not be written .* has room"),
            whole_file(path),
        ):
            pytest.fail("there is nothing to write to")


def test_a_full_disk_is_an_output_error(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"

    with pytest.raises(OutputError, match="No space left on device"), whole_file(path):
        Path("/dev/full").write_bytes(b"x")

    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.mkdir()

    with pytest.raises(OutputError, match="Is a directory"), whole_file(path) as partial:
        partial.write_text("x")

    assert list(tmp_path.iterdir()) == [path]


def test_of_two_writers_of_one_file_the_later_wins_and_the_earlier_is_told(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"

    def write_while_another_does() -> None:
        with whole_file(path) as first:
            first.write_text("first, half")
            with whole_file(path) as later:
                later.write_text("later")

    with pytest.raises(OutputError, match="Another geolocdesk"):
        write_while_another_does()

    assert path.read_text() == "later"
    assert list(tmp_path.iterdir()) == [path]
