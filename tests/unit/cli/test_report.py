"""``geolocdesk report``."""

import argparse
from pathlib import Path

import pytest

from geolocdesk.casefile.opening import create_case
from geolocdesk.cli.commands import run
from geolocdesk.cli.report import FORMATS, exhibit_numbers
from geolocdesk.reporting.formats import FORMATS as WRITTEN
from tests.doubles.analyses import make_failure
from tests.doubles.cases import DETAILS, ticking_clock


@pytest.fixture
def case_path(tmp_path: Path) -> Path:
    path = tmp_path / "zagreb.gldcase"
    with create_case(path, DETAILS, actor="A. Kovač", clock=ticking_clock()) as case:
        case.record_failure(make_failure())
    return path


def test_the_command_knows_every_format_there_is() -> None:
    assert [name for name, _text in FORMATS] == [written.name for written in WRITTEN]


def test_several_formats_are_written_at_once(case_path: Path, tmp_path: Path) -> None:
    pdf, table = tmp_path / "report.pdf", tmp_path / "report.csv"

    assert run(["report", str(case_path), "--pdf", str(pdf), "--csv", str(table), "--without", "audit"]) == 0

    assert pdf.read_bytes().startswith(b"%PDF-")
    assert "broken.jpg" in table.read_text(encoding="utf-8-sig")


def test_without_a_format_the_usage_is_wrong(case_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", str(case_path)]) == 2
    assert "--pdf" in capsys.readouterr().err


def test_an_exhibit_the_case_has_not_is_wrong_usage(
    case_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", str(case_path), "--pdf", str(tmp_path / "x.pdf"), "--exhibits", "1-2"]) == 2
    assert "has no exhibit 2" in capsys.readouterr().err


def test_a_case_that_is_not_there_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", str(tmp_path / "no.gldcase"), "--pdf", str(tmp_path / "x.pdf")]) == 1
    assert "There is no case at" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "numbers"), [("1-3,7", {1, 2, 3, 7}), ("5", {5}), (" 2 , 4-4", {2, 4})])
def test_lists_of_exhibits_are_read(text: str, numbers: set[int]) -> None:
    assert exhibit_numbers(text) == numbers


@pytest.mark.parametrize("text", ["", "a", "1-", "-3", "1,,2", "1-b"])
def test_other_lists_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        exhibit_numbers(text)
