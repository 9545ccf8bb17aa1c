from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from geolocdesk.analysis import Exclusions
from geolocdesk.casefile.exhibit import CaseDetails
from geolocdesk.casefile.opening import create_case, open_case, read_case
from geolocdesk.engine.jobs import AnalysePhotos
from geolocdesk.estimation.location import EstimationParameters
from geolocdesk.estimation.usual import usual_choices, usual_parameters
from geolocdesk.gui import case_files, closing, questions
from geolocdesk.gui.command_palette import CommandPalette
from geolocdesk.gui.evidence_entry import EntryStatus
from geolocdesk.gui.frame import Frame, Starter
from geolocdesk.gui.jobs import EngineJob, EngineJobs
from geolocdesk.gui.main_window import MainWindow
from geolocdesk.gui.questions import Unsaved
from geolocdesk.paths import user_folders
from geolocdesk.settings import Settings, load_settings
from tests.doubles.fake_analyser import MakeFakeWorkshop
from tests.gui.accessible import assert_accessible

WAIT_MS = 120_000


def make_window() -> MainWindow:
    make_engine = partial(EngineJobs, make_workshop=MakeFakeWorkshop(), grace_s=20.0)
    return MainWindow(
        Settings(examiner="A. Examiner"), user_folders(), make_engine=make_engine, make_map=lambda: None
    )


def end(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.finished, timeout=WAIT_MS):
        window.end_without_asking()
    window.deleteLater()


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    made = make_window()
    made.resize(1280, 800)
    made.show()
    yield made
    if isValid(made) and made.isVisible():
        end(qtbot, made)


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "photos"
    folder.mkdir()
    made = []
    for name, colour in (("a.png", "red"), ("b.png", "green"), ("broken.png", "blue"), ("d.png", "gray")):
        Image.new("RGB", (96, 64), colour).save(folder / name)
        made.append(folder / name)
    return made


def begin(qtbot: QtBot, window: MainWindow, tmp_path: Path, *, pack: str = "pack") -> Path:
    """Open a pack and a new case, and return the case's path."""
    (tmp_path / pack).mkdir(exist_ok=True)
    window.begin(pack=tmp_path / pack)
    case = tmp_path / "harbour.gldcase"
    assert window.session.create(case, CaseDetails(title="Harbour"))
    qtbot.waitUntil(lambda: window.reference.pack is not None and not window.board.runs(), timeout=WAIT_MS)
    return case


def add(qtbot: QtBot, window: MainWindow, paths: list[Path]) -> None:
    with qtbot.waitSignal(window.cases.photos_added, timeout=WAIT_MS):
        window.cases.add(paths)


def analyse(qtbot: QtBot, window: MainWindow) -> None:
    window.desk.analyse(())
    qtbot.waitUntil(lambda: window.model.count(EntryStatus.PENDING) == 0, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: is_settled(window), timeout=WAIT_MS)


def is_settled(window: MainWindow) -> bool:
    waiting = window.model.count(EntryStatus.QUEUED)
    return waiting == 0 and not window.board.runs() and not window.display.is_busy


def is_analysing(window: MainWindow) -> bool:
    return window.desk.is_running


def show(qtbot: QtBot, window: MainWindow, number: int) -> None:
    window.workspace.evidence.select(number)
    qtbot.waitUntil(lambda: window.display.number == number and is_settled(window), timeout=WAIT_MS)


def statuses(window: MainWindow) -> list[EntryStatus]:
    return [entry.status for entry in window.model.entries()]


def test_a_first_start_offers_three_ways_and_one_past_them(qtbot: QtBot, window: MainWindow) -> None:
    window.begin()
    assert window.pages.is_first_start
    assert window.session.current is None
    window.first_start.continue_requested.emit()
    assert window.pages.currentWidget() is window.workspace
    assert list(user_folders().cases.glob("*")) == []


def test_a_pack_that_cannot_be_opened_says_why_where_it_was_chosen(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    window.begin()
    (tmp_path / "nopack").mkdir()
    window.references.open(tmp_path / "nopack")
    qtbot.waitUntil(lambda: bool(window.first_start.failure_text), timeout=WAIT_MS)
    assert "is not a reference pack" in window.first_start.failure_text
    assert window.pages.is_first_start
    assert "is not a reference pack" in window.notices.texts()[-1]


def test_from_dropped_photos_to_answers(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, photos: list[Path]
) -> None:
    case = begin(qtbot, window, tmp_path)
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(photos[0].parent))])
    with qtbot.waitSignal(window.cases.photos_added, timeout=WAIT_MS):
        assert window.cases.take(dropped)
    assert statuses(window) == [EntryStatus.PENDING] * 4
    analyse(qtbot, window)
    assert statuses(window) == [
        EntryStatus.ANALYSED,
        EntryStatus.ANALYSED,
        EntryStatus.FAILED,
        EntryStatus.ANALYSED,
    ]
    assert window.status_line.job_text.replace("\N{NO-BREAK SPACE}", " ") == "3 photos analysed, 1 failed"
    show(qtbot, window, 1)
    assert window.display.analysis is not None
    assert window.actions_by_name["compare"].isEnabled()
    with read_case(case) as reader:
        analysed = [exhibit.number for exhibit in reader.exhibits() if exhibit.current is not None]
        thumbnails = [reader.thumbnail(number) is not None for number in (1, 2, 3, 4)]
    assert analysed == [1, 2, 4]
    assert thumbnails == [True] * 4


def test_the_next_analysed_photos_are_worked_out_beforehand_past_those_without_an_answer(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(qtbot, window, tmp_path)
    add(qtbot, window, photos)  # the third of them is broken
    analyse(qtbot, window)
    prepared: list[int] = []
    monkeypatch.setattr(window.display, "prepare", prepared.append)
    show(qtbot, window, 2)
    qtbot.waitUntil(lambda: len(prepared) >= 2, timeout=WAIT_MS)
    assert prepared[:2] == [4, 1]


def test_an_answer_is_shown_panel_by_panel(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(qtbot, window, tmp_path)
    add(qtbot, window, photos[:2])
    analyse(qtbot, window)
    show(qtbot, window, 1)
    panels, happened = window.workspace, list[str]()
    for panel, name in (
        (panels.answer, "show_answer"),
        (panels.neighbours, "show_neighbours"),
        (panels.parameters, "show_parameters"),
    ):
        monkeypatch.setattr(panel, name, _noted(happened, name, getattr(panel, name)))
    beat = QTimer(window)
    beat.timeout.connect(lambda: happened.append("beat"))
    beat.start(0)
    show(qtbot, window, 2)
    beat.stop()
    shown = [name for name in happened if name != "beat"]
    assert shown[:3] == ["show_answer", "show_neighbours", "show_parameters"]
    for name, following in pairwise(shown[:3]):
        assert "beat" in happened[happened.index(name) : happened.index(following)]


def _noted(happened: list[str], name: str, act: Callable[..., None]) -> Callable[..., None]:
    def noted(*args: object, **options: object) -> None:
        happened.append(name)
        act(*args, **options)

    return noted


def test_a_file_dropped_on_any_part_is_added_and_never_taken_for_text(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, photos: list[Path]
) -> None:
    begin(qtbot, window, tmp_path)
    panels = window.workspace
    parts = (window.tool_bar.search, panels.evidence.view.viewport(), panels.photo._notes._editor.viewport())
    for part, photo in zip(parts, photos, strict=False):
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(photo))])
        data.setText(str(photo))  # as file managers do
        at, copy, left = QPoint(4, 4), Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
        enter = QDragEnterEvent(at, copy, data, left, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(part, enter)
        assert enter.isAccepted()
        with qtbot.waitSignal(window.cases.photos_added, timeout=WAIT_MS):
            QApplication.sendEvent(
                part, QDropEvent(at, copy, data, left, Qt.KeyboardModifier.NoModifier, QEvent.Type.Drop)
            )
    assert [entry.path for entry in window.model.entries()] == photos[:3]
    assert window.tool_bar.search.text() == ""
    qtbot.waitUntil(lambda: is_settled(window), timeout=WAIT_MS)


def test_small_pictures_are_made_only_for_photos_that_have_none(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(qtbot, window, tmp_path)
    late = tmp_path / "late.png"
    add(qtbot, window, [photos[0], late])
    late.write_bytes(photos[1].read_bytes())
    given: list[AnalysePhotos] = []
    run = window.engine.run

    def note(job: AnalysePhotos) -> EngineJob:
        given.append(job)
        return run(job)

    monkeypatch.setattr(window.engine, "run", note)
    for number in (1, 2):
        with qtbot.waitSignal(window.desk.batch_ended, timeout=WAIT_MS):
            window.desk.analyse([number])
    qtbot.waitUntil(lambda: is_settled(window), timeout=WAIT_MS)
    assert [(job.paths, job.thumbnails) for job in given] == [((photos[0],), False), ((late,), True)]


def test_analyse_means_all_without_an_answer_or_several_that_are_selected(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(qtbot, window, tmp_path)
    add(qtbot, window, [photos[0], photos[1], photos[3]])
    asked: list[list[int]] = []
    monkeypatch.setattr(window.desk, "analyse", lambda numbers: asked.append(list(numbers)))
    window.workspace.evidence.select(2)
    window.desk.analyse_selected()
    window.workspace.evidence.keep_selected([3])
    window.desk.analyse_selected()
    assert asked == [[2, 1, 3], [2, 3]]


def test_stop_keeps_what_is_finished_and_the_rest_can_go_on(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, photos: list[Path]
) -> None:
    begin(qtbot, window, tmp_path)
    endless = photos[3].rename(photos[3].with_name("endless.png"))
    add(qtbot, window, [photos[0], endless, photos[1]])
    window.actions_by_name["analyse"].trigger()
    qtbot.waitUntil(lambda: statuses(window)[0] is EntryStatus.ANALYSED, timeout=WAIT_MS)
    assert window.actions_by_name["stop"].isEnabled()
    assert window.model.count(EntryStatus.QUEUED) == 2
    window.actions_by_name["stop"].trigger()
    qtbot.waitUntil(lambda: not window.desk.is_running, timeout=WAIT_MS)
    assert statuses(window) == [EntryStatus.ANALYSED, EntryStatus.PENDING, EntryStatus.PENDING]
    assert "stopped before 2" in window.status_line.job_text
    window.desk.analyse([3])
    qtbot.waitUntil(lambda: statuses(window)[2] is EntryStatus.ANALYSED, timeout=WAIT_MS)


def test_nothing_of_one_case_reaches_another(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(qtbot, window, tmp_path)
    endless = photos[3].rename(photos[3].with_name("endless.png"))
    add(qtbot, window, [photos[0], endless, photos[1]])
    window.desk.analyse(())
    qtbot.waitUntil(lambda: statuses(window)[0] is EntryStatus.ANALYSED, timeout=WAIT_MS)
    other = tmp_path / "other.gldcase"
    answers = iter([False, True])
    monkeypatch.setattr(closing, "ask_to_stop", lambda _parent, _what: next(answers))
    create_case(other, CaseDetails(title="Other"), actor="x", clock=case_files.utc_clock).close()
    assert not window.cases.open(other)  # the user wants to stay
    assert is_analysing(window)
    assert window.cases.open(other)
    assert not is_analysing(window)
    qtbot.waitUntil(lambda: is_settled(window), timeout=WAIT_MS)
    assert window.model.total == 0
    with read_case(tmp_path / "harbour.gldcase") as reader:
        assert [exhibit.current is not None for exhibit in reader.exhibits()] == [True, False, False]
    assert window.session.read(lambda case: len(list(case.exhibits()))) == 0


def test_a_photo_that_ends_the_engine_fails_alone(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, photos: list[Path]
) -> None:
    begin(qtbot, window, tmp_path)
    crash = photos[1].rename(photos[1].with_name("crash.png"))
    add(qtbot, window, [photos[0], crash, photos[3]])
    analyse(qtbot, window)
    assert statuses(window) == [EntryStatus.ANALYSED, EntryStatus.FAILED, EntryStatus.ANALYSED]
    failed = window.model.entry(2)
    assert failed is not None
    assert "ended while it worked on" in failed.failure


def test_excluding_recomputes_at_once_and_undo_brings_the_answer_back(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, photos: list[Path]
) -> None:
    case = begin(qtbot, window, tmp_path)
    add(qtbot, window, [photos[0]])
    analyse(qtbot, window)
    show(qtbot, window, 1)
    before = window.display.analysis
    assert before is not None
    first = before.neighbours.items[0].reference.reference_id
    window.workspace.neighbours.exclude_requested.emit(Exclusions(reference_ids=frozenset({first})))
    qtbot.waitUntil(lambda: is_answer(window, lambda ids: first not in ids), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: is_settled(window), timeout=WAIT_MS)
    assert window.actions_by_name["undo"].text() == "Undo exclude references of exhibit 1"
    with read_case(case) as reader:
        assert reader.exclusions(1).reference_ids == {first}
        assert len(reader.analyses(1)) == 2
    window.actions_by_name["undo"].trigger()
    qtbot.waitUntil(lambda: is_answer(window, lambda ids: first in ids), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: is_settled(window), timeout=WAIT_MS)
    with read_case(case) as reader:
        assert reader.exclusions(1) == Exclusions()
        assert len(reader.analyses(1)) == 2  # the earlier answer counts again, it is not repeated
        current = reader.current_analysis(1)
        assert current is not None
        assert current.analysis_id == before.analysis_id
    window.actions_by_name["redo"].trigger()
    qtbot.waitUntil(lambda: is_answer(window, lambda ids: first not in ids), timeout=WAIT_MS)


def is_answer(window: MainWindow, wanted: Callable[[set[str]], bool]) -> bool:
    analysis = window.display.analysis
    return analysis is not None and wanted(
        {item.reference.reference_id for item in analysis.neighbours.items}
    )


def test_excluding_everything_is_refused_in_words(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, photos: list[Path]
) -> None:
    begin(qtbot, window, tmp_path)
    add(qtbot, window, [photos[0]])
    analyse(qtbot, window)
    show(qtbot, window, 1)
    window.desk.exclude(Exclusions(reference_ids=frozenset({"noref"})))
    qtbot.waitUntil(lambda: any("No reference" in text for text in window.notices.texts()), timeout=WAIT_MS)


def test_sliders_answer_live_and_only_what_they_settle_on_is_kept(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, photos: list[Path]
) -> None:
    case = begin(qtbot, window, tmp_path)
    add(qtbot, window, [photos[0]])
    analyse(qtbot, window)
    show(qtbot, window, 1)
    panel = window.workspace.parameters
    for bandwidth in (1.0, 2.0, 3.0):
        panel._bandwidth.show_value(bandwidth)
        panel._announce()
    wanted = panel.parameters

    def settled() -> bool:
        analysis = window.display.analysis
        return analysis is not None and analysis.estimate.parameters == wanted and is_settled(window)

    qtbot.waitUntil(settled, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.session.read(lambda reader: len(reader.analyses(1))) == 2, timeout=WAIT_MS)
    with read_case(case) as reader:
        assert reader.settings().parameters == wanted
        current = reader.current_analysis(1)
        assert current is not None
        assert current.estimate.parameters == wanted


def test_notes_tags_and_removal_can_be_undone(
    qtbot: QtBot,
    window: MainWindow,
    tmp_path: Path,
    photos: list[Path],
) -> None:
    begin(qtbot, window, tmp_path)
    add(qtbot, window, photos[:2])
    show(qtbot, window, 1)
    window.workspace.photo.note_changed.emit("1", "Seen in file 12")
    entry = window.model.entry(1)
    assert entry is not None
    assert entry.has_notes
    window.undo_stack.undo()
    entry = window.model.entry(1)
    assert entry is not None
    assert not entry.has_notes
    window.workspace.evidence.select_all()
    window.actions_by_name["remove"].trigger()
    assert window.model.total == 0
    window.undo_stack.undo()
    assert [entry.number for entry in window.model.entries()] == [1, 2]


def test_a_photo_that_could_not_be_read_can_be_tried_again(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, photos: list[Path]
) -> None:
    begin(qtbot, window, tmp_path)
    late, later = tmp_path / "late.png", tmp_path / "later.png"
    add(qtbot, window, [late, later])
    assert statuses(window) == [EntryStatus.FAILED, EntryStatus.FAILED]
    for path, made in ((late, photos[0]), (later, photos[1])):
        path.write_bytes(made.read_bytes())
    show(qtbot, window, 1)
    with qtbot.waitSignal(window.cases.photos_added, timeout=WAIT_MS):
        window.workspace.photo.retry_requested.emit()
    assert statuses(window) == [EntryStatus.PENDING, EntryStatus.FAILED]
    show(qtbot, window, 2)
    window.workspace.answer.retry_requested.emit()
    qtbot.waitUntil(lambda: statuses(window)[1] is EntryStatus.ANALYSED, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: is_settled(window), timeout=WAIT_MS)


def test_recent_cases_and_packs_are_offered(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    case = begin(qtbot, window, tmp_path)
    window._menus._fill_cases()
    window._menus._fill_packs()
    assert [action.text() for action in window._menus._recent_cases.actions()] == [str(case)]
    assert [action.text() for action in window._menus._recent_packs.actions()] == [str(tmp_path / "pack")]
    assert window.cases.close()
    window._menus._recent_cases.actions()[0].trigger()
    assert window.session.current is not None
    assert window.session.current.path == case


def test_what_cannot_be_done_is_not_offered(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, photos: list[Path]
) -> None:
    case = begin(qtbot, window, tmp_path)
    add(qtbot, window, photos[:1])
    assert window.cases.close()
    assert not window.actions_by_name["save_as"].isEnabled()
    with open_case(case, actor="somebody else", clock=case_files.utc_clock):
        window.cases.open(case)
        qtbot.waitUntil(lambda: window.model.total == 1, timeout=WAIT_MS)
        assert window.notices.texts()[0].startswith("Open for reading only.")
        for name in ("remove", "tags", "analyse", "add_photos", "details"):
            assert not window.actions_by_name[name].isEnabled(), name
        assert window.cases.close()
    assert not any(text.startswith("Open for reading only.") for text in window.notices.texts())


def test_a_pasted_picture_is_kept_beside_the_case_with_a_note(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    case = begin(qtbot, window, tmp_path)
    picture = QImage(40, 30, QImage.Format.Format_RGB32)
    picture.fill(0x336699)
    data = QMimeData()
    data.setImageData(picture)
    QGuiApplication.clipboard().setMimeData(data)
    with qtbot.waitSignal(window.cases.photos_added, timeout=WAIT_MS):
        window.actions_by_name["paste"].trigger()
    entry = window.model.entry(1)
    assert entry is not None
    assert entry.path.parent == tmp_path / "harbour pasted pictures"
    assert entry.path.is_file()
    with read_case(case) as reader:
        assert "Pasted from the clipboard" in reader.notes(1)[0].text


def test_a_case_nobody_saved_is_there_again_after_a_crash(
    qtbot: QtBot, window: MainWindow, photos: list[Path]
) -> None:
    window.begin()
    add(qtbot, window, photos[:2])
    assert window.session.current is not None
    assert window.session.current.untitled
    end(qtbot, window)  # keeps it, as a crash would
    again = make_window()
    again.show()
    again.begin()
    qtbot.waitUntil(lambda: again.model.total == 2, timeout=WAIT_MS)
    assert any("not saved under a name" in text for text in again.notices.texts())
    again.cases.leave = lambda: True  # type: ignore[method-assign]
    end(qtbot, again)


@pytest.mark.parametrize("answer", [Unsaved.CANCEL, Unsaved.KEEP, Unsaved.DISCARD])
def test_closing_an_unsaved_case_asks_what_becomes_of_it(
    qtbot: QtBot, window: MainWindow, photos: list[Path], monkeypatch: pytest.MonkeyPatch, answer: Unsaved
) -> None:
    window.begin()
    add(qtbot, window, photos[:1])
    monkeypatch.setattr(case_files, "ask_about_unsaved", lambda _parent, _count: answer)
    if answer is Unsaved.CANCEL:
        window.close()
        assert window.isVisible()
        return
    with qtbot.waitSignal(window.finished, timeout=WAIT_MS):
        window.close()
    kept = list(user_folders().cases.glob("*.gldcase"))
    assert len(kept) == (1 if answer is Unsaved.KEEP else 0)
    window.deleteLater()


def test_closing_while_busy_asks_and_then_ends_in_order(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = begin(qtbot, window, tmp_path)
    endless = photos[3].rename(photos[3].with_name("endless.png"))
    add(qtbot, window, [photos[0], endless])
    window.desk.analyse(())
    qtbot.waitUntil(lambda: statuses(window)[0] is EntryStatus.ANALYSED, timeout=WAIT_MS)
    asked: list[str] = []

    def stay(_parent: object, what: str) -> bool:
        asked.append(what)
        return len(asked) > 1

    monkeypatch.setattr(closing, "ask_to_stop", stay)
    window.close()
    assert window.isVisible()
    assert asked == ["An analysis"]
    with qtbot.waitSignal(window.finished, timeout=WAIT_MS):
        window.close()
    with read_case(case) as reader:
        assert [exhibit.current is not None for exhibit in reader.exhibits()] == [True, False]
    window.deleteLater()


def test_the_layout_and_the_recent_cases_are_remembered(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    case = begin(qtbot, window, tmp_path)
    window.workspace.docks["parameters"].hide()
    with qtbot.waitSignal(window.finished, timeout=WAIT_MS):
        window.close()
    window.deleteLater()
    assert load_settings(user_folders().settings_file).recent_cases == (str(case),)
    again = make_window()
    again.show()
    assert again.workspace.docks["parameters"].isHidden()
    again.actions_by_name["reset_layout"].trigger()
    assert not again.workspace.docks["parameters"].isHidden()
    end(qtbot, again)


def test_the_frame_is_there_before_the_program_and_goes_after_it(qtbot: QtBot, tmp_path: Path) -> None:
    frame = Frame(user_folders().layout_file)
    frame.resize(711, 577)
    with qtbot.waitSignal(frame.painted, timeout=WAIT_MS):
        frame.show()
    window = make_window()
    frame.furnish(window)
    begin(qtbot, window, tmp_path)
    assert frame.windowTitle() == "Harbour — geolocdesk"
    assert window.isVisible()
    with qtbot.waitSignal(frame.finished, timeout=WAIT_MS):
        frame.close()
    assert frame.isHidden()
    frame.deleteLater()
    again = Frame(user_folders().layout_file)
    assert (again.width(), again.height()) == (711, 577)
    with qtbot.waitSignal(again.finished, timeout=WAIT_MS):
        again.close()
    again.deleteLater()


def test_the_program_is_loaded_beside_the_frame(qtbot: QtBot) -> None:
    parent = QObject()
    starter = Starter(parent)
    starter.join()
    with qtbot.waitSignal(starter.ready, timeout=WAIT_MS):
        starter.start()
    starter.join()


def test_every_action_is_in_the_palette_and_runs_from_it(qtbot: QtBot, window: MainWindow) -> None:
    window.begin()
    palette = CommandPalette(window.actions_by_name, window)
    qtbot.addWidget(palette)
    enabled = [action for action in window.actions_by_name if action.isEnabled()]
    assert len(palette.listed()) == len(enabled)
    palette._field.setText("larger")
    assert palette.listed()[0] == "Larger text"
    palette._run_current()
    assert load_settings(user_folders().settings_file).text_scale > 1.0


def test_no_two_actions_share_a_shortcut(window: MainWindow) -> None:
    shortcuts = [keys.toString() for action in window.actions_by_name for keys in action.shortcuts()]
    assert len(shortcuts) == len(set(shortcuts))


def test_every_control_has_a_name_for_screen_readers(qtbot: QtBot, window: MainWindow) -> None:
    window.begin()
    assert_accessible(window.first_start)
    window.first_start.continue_requested.emit()
    assert_accessible(window)


def test_the_question_about_an_unsaved_case_names_what_is_at_stake(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: said.append(box.informativeText()))
    assert questions.ask_about_unsaved(window, 3) is Unsaved.CANCEL
    assert "3 photos" in said[0]


def test_the_next_analysis_takes_what_is_usual_with_the_pack_until_something_is_chosen(
    window: MainWindow,
) -> None:
    fused = usual_parameters("fused", None)
    panel = window.workspace.parameters
    window.desk.take_usual(fused)
    assert window.desk.parameters == fused
    window.desk.take_chosen(EstimationParameters())
    assert window.desk.parameters == fused, "a case that chooses nothing"
    chosen = EstimationParameters("nearest", neighbours=7)
    window.desk.take_chosen(chosen)
    window.desk.take_usual(EstimationParameters())
    assert window.desk.parameters == chosen
    panel.set_choices(usual_choices(None, has_classes=True))
    panel.show_parameters(chosen)
    panel.reset()
    assert window.desk.parameters == fused
