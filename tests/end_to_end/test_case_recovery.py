"""SIGKILL at random moments: the case opens, nothing acknowledged is lost, no half-written report stands.

``GEOLOCDESK_KILLS`` sets how many kills each test makes; the default keeps the suite short.
"""

import os
import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from geolocdesk.casefile.case import Case
from geolocdesk.casefile.opening import create_case, open_case, read_case
from geolocdesk.casefile.reader import CaseReader
from geolocdesk.casefile.verify import verify_case
from geolocdesk.reporting.formats import FORMATS
from tests.doubles.analyses import make_analysis
from tests.doubles.cases import DETAILS, varied_case

REPOSITORY = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("GEOLOCDESK_KILLS", "4"))


def open_for_writing(path: Path) -> Case:
    return open_case(path, actor="B. Novak", clock=lambda: datetime.now(UTC))


def killed_while(life_s: float, *arguments: object) -> list[list[str]]:
    """Run the program to be killed for a while and return what it said it had finished."""
    command = [sys.executable, "-m", "tests.doubles.case_writer", *map(str, arguments)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            process.communicate("go\n", timeout=life_s)
        except subprocess.TimeoutExpired:
            process.kill()
        output, _ = process.communicate()
    assert process.returncode == -9
    return [line.split() for line in output.splitlines()]


def assert_kept(case: CaseReader, finished: list[list[str]]) -> None:
    """Check that the case is sound and holds everything that was acknowledged."""
    assert all(row.sound for row in verify_case(case, None) if row.exhibit is None)
    noted = {note.number for exhibit in case.exhibits() for note in case.notes(exhibit.number)}
    for kind, number, *rest in finished:
        if kind == "exhibit":
            assert case.exhibit(int(number)).number == int(number)
        elif kind == "analysis":
            assert rest[0] in [summary.document_sha256 for summary in case.analyses(int(number))]
            assert case.current_analysis(int(number)) is not None
        elif kind == "note":
            assert int(number) in noted


@pytest.mark.parametrize("reopen_for_writing", [True, False], ids=["writer", "reader"])
def test_a_batch_killed_at_any_moment_loses_nothing(tmp_path: Path, reopen_for_writing: bool) -> None:
    path = tmp_path / "case.gldcase"
    create_case(path, DETAILS, actor="A. Kovač", clock=lambda: datetime.now(UTC)).close()
    chance = random.Random(1)
    finished: list[list[str]] = []
    for kill in range(KILLS):
        finished += killed_while(chance.uniform(0.0, 0.6), "fill", path, kill * 1000)
        opened = open_for_writing(path) if reopen_for_writing else read_case(path)
        with opened as case:
            assert_kept(case, finished)
    with open_for_writing(path) as case:
        entries = case.info().audit_entries
        case.record_analysis(make_analysis(path=Path("/evidence/after.jpg")))
        assert case.info().audit_entries == entries + 2
        assert all(row.sound for row in verify_case(case, None) if row.exhibit is None)


@pytest.mark.parametrize(
    ("names", "longest_life_s"),
    [(["csv", "geojson"], 0.6), (["pdf"], 4.0), (["html"], 4.0)],
    ids=["data", "pdf", "html"],
)
def test_a_report_killed_at_any_moment_is_whole_or_not_there(
    tmp_path: Path, names: list[str], longest_life_s: float
) -> None:
    path = tmp_path / "case.gldcase"
    forms = [form for form in FORMATS if form.name in names]
    with varied_case(path) as case:
        for form in forms:
            form.load()(case, tmp_path / f"expected{form.suffix}")
    chance = random.Random(2)
    reports = tmp_path / "reports"
    reports.mkdir()
    for _kill in range(KILLS):
        life_s = chance.uniform(0.0, longest_life_s)
        finished = killed_while(life_s, "report", path, reports, *names)
        for form in forms:
            report = reports / f"report{form.suffix}"
            if ["report", form.suffix] in finished:
                assert report.exists()
            if report.exists():
                assert report.read_bytes() == (tmp_path / f"expected{form.suffix}").read_bytes()
                report.unlink()
        left = {leftover.name for leftover in reports.iterdir()}
        assert left <= {f".report{form.suffix}.partial" for form in forms}
        with read_case(path) as reader:
            assert reader.info().exhibits == 6
    with read_case(path) as reader:
        for form in forms:
            form.load()(reader, reports / f"report{form.suffix}")
    assert {report.name for report in reports.iterdir()} == {f"report{form.suffix}" for form in forms}
