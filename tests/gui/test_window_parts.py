"""The small parts of the window: notices, the first page, the palette's matching, the job board, dialogs."""

from fnmatch import fnmatch
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from geolocdesk.casefile.exhibit import CaseDetails
from geolocdesk.colours import DARK, LIGHT
from geolocdesk.engine.jobs import OpenedPack
from geolocdesk.gui.append_dialog import AppendDialog
from geolocdesk.gui.build_pack_dialog import BuildPackDialog
from geolocdesk.gui.case_dialog import CaseDialog
from geolocdesk.gui.command_palette import match_quality
from geolocdesk.gui.dock import Dock
from geolocdesk.gui.first_start import FirstStart
from geolocdesk.gui.form_dialog import FormDialog
from geolocdesk.gui.icons import icon, icon_pixmap
from geolocdesk.gui.job_board import JobBoard
from geolocdesk.gui.notices import NoticeBar
from geolocdesk.gui.reference_desk import pack_rows, progress_text
from geolocdesk.gui.settings_dialog import SettingsDialog
from geolocdesk.gui.status_line import StatusLine
from geolocdesk.gui.stylesheet import stylesheet
from geolocdesk.gui.tags_dialog import TagsDialog
from geolocdesk.gui.text_dialog import TableDialog
from geolocdesk.gui.theme import active_palette, application, install_theme
from geolocdesk.gui.thumbnail_image import square_thumbnail, thumbnail_image
from geolocdesk.progress import Progress
from geolocdesk.reference.changing import APPEND_NAME
from geolocdesk.settings import Settings
from geolocdesk.unavailable import Unavailable
from tests.doubles.analyses import PACK_ID, make_picture
from tests.doubles.fake_analyser import make_manifest
from tests.gui.accessible import assert_accessible


def test_notices_stand_pass_and_offer_one_thing(qtbot: QtBot) -> None:
    bar = NoticeBar()
    qtbot.addWidget(bar)
    done: list[str] = []
    bar.set_standing("read-only", "warning", "Open for reading only.")
    notice = bar.show_passing("info", "Removed exhibit 3.", "Undo", lambda: done.append("undone"))
    assert bar.texts() == ["Open for reading only.", "Removed exhibit 3."]
    notice._do(lambda: done.append("undone"))
    assert done == ["undone"]
    assert bar.texts() == ["Open for reading only."]
    bar.set_standing("read-only")
    assert bar.texts() == []
    assert bar.isHidden()


def test_notices_never_bury_the_window(qtbot: QtBot) -> None:
    bar = NoticeBar()
    qtbot.addWidget(bar)
    for number in range(8):
        bar.show_passing("danger", f"Failure {number}")
    assert bar.texts() == ["Failure 5", "Failure 6", "Failure 7"]


def test_the_first_page_shows_how_far_its_work_is(qtbot: QtBot) -> None:
    page = FirstStart()
    qtbot.addWidget(page)
    page.show_busy("Drawing 3 of 10", 3, 10)
    assert not any(card.isEnabled() for card in page._cards)
    with qtbot.waitSignal(page.cancel_requested):
        page._cancel.click()
    page.show_ready("The disk is full.")
    assert page.failure_text == "The disk is full."
    assert all(card.isEnabled() for card in page._cards)
    assert_accessible(page)


@pytest.mark.parametrize(
    ("typed", "better", "worse"),
    [
        ("an", "Analyse", "Open case"),
        ("case new", "New case", "Case details"),
        ("larg", "Larger text", "Smaller text"),
        ("map world", "Map: show the world", "Map: show the answer"),
        ("opnc", "Open case", "Quit"),
    ],
)
def test_the_palette_finds_what_is_meant(typed: str, better: str, worse: str) -> None:
    assert match_quality(typed, better) > match_quality(typed, worse)


def test_the_job_board_shows_the_weightiest_job_and_stops_that_one(qtbot: QtBot) -> None:
    line = StatusLine()
    qtbot.addWidget(line)
    board = JobBoard(line)
    stopped: list[str] = []
    board.show("recompute", "Recomputing")
    board.show("analyse", "Analysing", 3, 10, lambda: stopped.append("analysis"))
    assert line.job_text == "Analysing"
    assert board.can_stop
    line.stop_requested.emit()
    assert stopped == ["analysis"]
    board.end("analyse", "10 photos analysed")
    assert line.job_text == "Recomputing"
    board.end("recompute")
    assert line.job_text == "10 photos analysed"
    assert not board.runs()


def test_progress_in_words() -> None:
    assert progress_text(Progress("Verifying", 3, 1200, "a.npy")) == "Verifying 3 of 1,200 a.npy"
    assert progress_text(Progress("Loading the model", 0, None)) == "Loading the model"


def test_a_pack_is_described_with_what_an_examiner_is_asked() -> None:
    opened = OpenedPack(
        Path("/packs/balkan"), PACK_ID, make_manifest(), "fake-model", "cpu", Unavailable.NOT_AVAILABLE
    )
    rows = dict(pack_rows(opened))
    assert rows["Kind"] == "synthetic, drawn for practice"
    assert rows["References"] == "1,234"
    assert rows["Last verified"] == "never"
    assert rows["Pack id"] == PACK_ID


def test_a_case_needs_a_title_and_nothing_else(qtbot: QtBot) -> None:
    dialog = CaseDialog("New case", "Save", CaseDetails(title="", examiner="A. Examiner"))
    qtbot.addWidget(dialog)
    assert not dialog.accept_button.isEnabled()
    dialog._title.setText("  Harbour ")
    assert dialog.accept_button.isEnabled()
    assert dialog.details == CaseDetails(title="Harbour", examiner="A. Examiner")
    assert_accessible(dialog)


def test_a_pack_is_only_built_where_there_is_room_for_it(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = BuildPackDialog(tmp_path / "packs", model=None, device="cpu")
    qtbot.addWidget(dialog)
    assert not dialog.accept_button.isEnabled()
    (tmp_path / "holiday").mkdir()
    dialog._source.setText(str(tmp_path / "holiday"))
    assert dialog.job.out == tmp_path / "packs" / "holiday"
    assert dialog.accept_button.isEnabled()
    (tmp_path / "packs" / "holiday.partial").mkdir(parents=True)
    dialog._check()
    assert dialog.accept_button.text() == "Go on building"
    (tmp_path / "packs" / "holiday").mkdir()
    dialog._check()
    assert not dialog.accept_button.isEnabled()
    assert "already" in dialog.problem.text()
    assert_accessible(dialog)


def test_photos_are_appended_from_a_source_that_exists(qtbot: QtBot, tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    (pack / APPEND_NAME).mkdir(parents=True)
    dialog = AppendDialog(pack, device="cpu")
    qtbot.addWidget(dialog)
    assert not dialog.accept_button.isEnabled()
    assert dialog.accept_button.text() == "Go on appending"
    dialog._source.setText(str(tmp_path / "absent"))
    assert not dialog.accept_button.isEnabled()
    assert "exists" in dialog.problem.text()
    dialog._source.setText(str(tmp_path / "shards-{00..07}.tar"))
    assert dialog.accept_button.isEnabled()
    dialog._source.setText(str(tmp_path))
    dialog._drop.setChecked(True)
    assert dialog.accept_button.isEnabled()
    assert (dialog.job.pack, dialog.job.source, dialog.job.drop_duplicates) == (pack, tmp_path, True)
    assert_accessible(dialog)


def test_a_dialog_grows_with_what_it_says_meanwhile(qtbot: QtBot) -> None:
    dialog = FormDialog("Search conditions", "What you know from elsewhere. " * 6, "Search")
    qtbot.addWidget(dialog)
    fields = [QLineEdit(), QLineEdit(), QLineEdit()]
    for field in fields:
        dialog.add_field("Only there", field, "Names or two letters, separated by commas. " * 3)
    dialog.show()
    dialog.problem.set_text(
        "No country is called “Atlantis”. Write its English name or its two letters. " * 3
    )
    qtbot.waitUntil(lambda: dialog.height() >= dialog._page.totalHeightForWidth(dialog.width()))
    assert all(field.height() >= field.sizeHint().height() for field in fields)


def test_tab_leads_from_a_title_into_a_panel_that_came_late(qtbot: QtBot) -> None:
    dock = Dock("map", "Map", "map", QLabel("Preparing the map"))
    qtbot.addWidget(dock)
    QLineEdit(dock)  # takes its place in the chain before the late one
    late, inner = QWidget(), QLineEdit()
    inner.setParent(late)
    late.setFocusProxy(inner)
    dock.replace_content(late)
    dock.lead_in()
    assert dock._title.close_button.nextInFocusChain() is inner


def test_a_table_can_be_copied_whole(qtbot: QtBot) -> None:
    dialog = TableDialog("Reference pack", "", [("Name", "pack"), ("Pack id", "e695" * 16)])
    qtbot.addWidget(dialog)
    next(button for button in dialog.findChildren(QPushButton) if button.text() == "Copy all").click()
    assert QGuiApplication.clipboard().text() == f"Name: pack\nPack id: {'e695' * 16}"
    assert_accessible(dialog)


def test_both_dialogs_offer_every_kind_of_file_that_is_read(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: list[str] = []

    def choose(_parent: QWidget, _title: str, _start: str, kinds: str) -> tuple[str, str]:
        offered.append(kinds)
        return str(tmp_path), kinds

    monkeypatch.setattr(QFileDialog, "getOpenFileName", choose)
    for dialog in (AppendDialog(tmp_path, device="cpu"), BuildPackDialog(tmp_path, model=None, device="cpu")):
        qtbot.addWidget(dialog)
        next(button for button in dialog.findChildren(QPushButton) if button.text() == "File …").click()
        assert dialog._source.text() == str(tmp_path)
    assert offered[0] == offered[1]
    patterns = offered[0].partition("(")[2].partition(")")[0].split()
    for name in ("a.csv", "a.zip", "a-000.tar", "a.json", "a.geojson", "a.jsonl", "yfcc100m_dataset-0.bz2"):
        assert any(fnmatch(name, pattern) for pattern in patterns), name


def test_tags_that_only_some_photos_have_stay(qtbot: QtBot) -> None:
    dialog = TagsDialog(2, ("boat",), ("boat", "car"))
    qtbot.addWidget(dialog)
    dialog._field.setText("harbour, ,night")
    assert dialog.changed(("boat", "car")) == ("car", "harbour", "night")
    assert dialog.changed(("boat",)) == ("harbour", "night")


def test_settings_are_changed_one_by_one(qtbot: QtBot) -> None:
    before = Settings(scheme="dark", text_scale=1.14, recent_cases=("a",))
    dialog = SettingsDialog(before)
    qtbot.addWidget(dialog)
    dialog._examiner.setText("B. Examiner")
    after = dialog.settings
    assert (after.scheme, after.text_scale, after.examiner) == ("dark", 1.15, "B. Examiner")
    assert after.recent_cases == ("a",)
    assert_accessible(dialog)


def test_icons_are_drawn_in_the_scheme_s_colours_and_sharp(qtbot: QtBot) -> None:
    drawn = icon_pixmap("photo", 16, 2.0, LIGHT.text)
    assert (drawn.width(), drawn.devicePixelRatio()) == (32, 2.0)
    button = icon("photo")
    light = button.pixmap(16, 16).toImage()
    install_theme(application(), "dark")
    dark = button.pixmap(16, 16).toImage()
    assert active_palette() == DARK
    assert light != dark
    with pytest.raises(FileNotFoundError):
        icon("no such drawing")


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)
def test_the_stylesheet_leaves_nothing_open(palette: object) -> None:
    assert isinstance(palette, type(LIGHT))
    sheet = stylesheet(palette, 1.3)
    assert "$" not in sheet
    assert sheet.count("{") == sheet.count("}")


def test_only_small_jpegs_are_read_as_thumbnails() -> None:
    jpeg = make_picture(width=640, height=480)
    shown = thumbnail_image(jpeg, longest_px=160)
    assert shown is not None
    assert (shown.width(), shown.height()) == (160, 120)
    square = square_thumbnail(jpeg, 52)
    assert square is not None
    assert (square.width(), square.height()) == (52, 52)
    for bad in (None, b"", b"\x89PNG\r\n\x1a\n", jpeg[:100], b"<svg xmlns='http://www.w3.org/2000/svg'/>"):
        assert thumbnail_image(bad) is None
