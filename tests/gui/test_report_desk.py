from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from geolocdesk.casefile.case import no_thumbnail
from geolocdesk.casefile.exhibit import CaseDetails
from geolocdesk.gui.case_session import CaseSession
from geolocdesk.gui.job_board import JobBoard
from geolocdesk.gui.jobs import EngineJobs
from geolocdesk.gui.notices import NoticeBar
from geolocdesk.gui.open_case import Added
from geolocdesk.gui.report_desk import ReportDesk
from geolocdesk.gui.report_dialog import ReportDialog
from geolocdesk.gui.status_line import StatusLine
from geolocdesk.reporting.formats import FORMATS
from geolocdesk.unavailable import Unavailable
from tests.doubles.analyses import make_analysis, make_picture, make_record
from tests.doubles.fake_analyser import MakeFakeWorkshop
from tests.gui.accessible import assert_accessible

WAIT_MS = 120_000


class Reports:
    """A report desk on a case of one photo."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.window = NoticeBar()
        self.line = StatusLine()
        self.session = CaseSession(actor="A. Examiner", unsaved_folder=folder / "unsaved")
        self.session.create(folder / "harbour.gldcase", CaseDetails(title="Harbour"))
        added: list[Added] = []
        self.session.recording.add_photo(make_record(), make_picture(), added.append)
        qtbot.waitUntil(lambda: bool(added), timeout=WAIT_MS)
        with qtbot.waitSignal(self.session.recording.analysis_recorded, timeout=WAIT_MS):
            self.session.recording.record_analysis(
                1,
                make_analysis(),
                neighbour_thumbnail=no_thumbnail,
                pack_verified_at=Unavailable.NOT_AVAILABLE,
            )
        self.desk = ReportDesk(
            self.window,
            self.session,
            selected=lambda: [1],
            notices=self.window,
            board=JobBoard(self.line),
            make_engine=partial(EngineJobs, make_workshop=MakeFakeWorkshop(), grace_s=20.0),
        )

    @property
    def dialog(self) -> ReportDialog:
        assert self.desk._dialog is not None
        return self.desk._dialog


@pytest.fixture
def reports(qtbot: QtBot, tmp_path: Path) -> Iterator[Reports]:
    made = Reports(qtbot, tmp_path)
    yield made
    with qtbot.waitSignal(made.desk.ended, timeout=WAIT_MS):
        made.desk.close()
    made.session.shut_down()
    for widget in (made.window, made.line):  # after what stands on them has ended
        widget.deleteLater()


def test_contents_and_format_are_chosen_in_one_place(reports: Reports) -> None:
    reports.desk.ask("csv")
    dialog = reports.dialog
    assert dialog.report_format.name == "csv"
    assert dialog._format.count() == len(FORMATS)
    dialog._parts["photos"].setChecked(False)
    dialog._some.setChecked(True)
    assert dialog.contents.photos is False
    assert dialog.contents.exhibits == frozenset({1})
    assert_accessible(dialog)


def test_a_report_is_written_by_another_process_and_said_to_be_there(
    qtbot: QtBot, reports: Reports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "harbour.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_arguments: (str(out), ""))
    reports.desk.ask("csv")
    reports.dialog._save.click()
    assert reports.desk.is_busy
    qtbot.waitUntil(lambda: not reports.desk.is_busy, timeout=WAIT_MS)
    assert "IMG_0001.jpg" in out.read_text(encoding="utf-8-sig")
    assert reports.dialog._message.text().startswith("The report is written")


def test_what_cannot_be_written_says_why(
    qtbot: QtBot, reports: Reports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    target = tmp_path / "file" / "harbour.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_arguments: (str(target), ""))
    reports.desk.ask("csv")
    reports.dialog._save.click()
    qtbot.waitUntil(lambda: not reports.desk.is_busy, timeout=WAIT_MS)
    assert reports.dialog._message.text().startswith("The report could not be written")
    assert str(tmp_path / "file") in reports.dialog._message.text()


def test_the_preview_is_the_pdf_itself(qtbot: QtBot, reports: Reports) -> None:
    reports.desk.ask()
    reports.dialog._parts["maps"].setChecked(False)
    reports.dialog._preview.click()
    qtbot.waitUntil(lambda: not reports.desk.is_busy, timeout=WAIT_MS)
    assert reports.dialog._viewer is not None
    reports.dialog._parts["audit"].setChecked(False)  # what is shown would no longer be what is saved
    assert reports.dialog._viewer is None
