import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from geolocdesk.casefile.exhibit import CaseDetails
from geolocdesk.gui.adding import AddingRun, AddingSummary
from geolocdesk.gui.case_session import CaseSession
from geolocdesk.gui.evidence_entry import EntryStatus, EvidenceEntry

WAIT_MS = 120_000


@pytest.fixture
def session(tmp_path: Path) -> Iterator[CaseSession]:
    made = CaseSession(actor="A. Examiner", unsaved_folder=tmp_path / "unsaved")
    made.create(tmp_path / "harbour.gldcase", CaseDetails(title="Harbour"))
    yield made
    made.shut_down()


@pytest.fixture
def adding(session: CaseSession) -> Iterator[AddingRun]:
    made = AddingRun(session)
    yield made
    made.close()


def photo(path: Path, colour: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 48), colour).save(path)
    return path


def add(qtbot: QtBot, adding: AddingRun, *paths: Path) -> AddingSummary:
    with qtbot.waitSignal(adding.ended, timeout=WAIT_MS) as ended:
        adding.start(paths)
    summary: AddingSummary = ended.args[0]
    return summary


def test_folders_are_searched_and_everything_is_accounted_for(
    qtbot: QtBot, session: CaseSession, adding: AddingRun, tmp_path: Path
) -> None:
    entries: list[EvidenceEntry] = []
    session.entry_changed.connect(entries.append)
    folder = tmp_path / "photos"
    photo(folder / "a.png", "red")
    photo(folder / "deep" / "b.jpg", "green")
    (folder / "copy of a.png").write_bytes((folder / "a.png").read_bytes())
    (folder / "broken.jpg").write_bytes(b"no picture at all")
    (folder / "readme.txt").write_text("not a photo")
    summary = add(qtbot, adding, folder)
    assert (summary.added, len(summary.duplicates), summary.unreadable) == (2, 1, 1)
    text = summary.text().replace("\N{NO-BREAK SPACE}", " ")
    assert (
        text == "2 photos added, 1 duplicate recognised and left out, 1 unreadable, listed with the reason."
    )
    listed = {entry.name: entry for entry in entries}
    assert listed.keys() == {"a.png", "b.jpg", "broken.jpg"}
    assert listed["broken.jpg"].status is EntryStatus.FAILED
    assert listed["broken.jpg"].failure
    assert listed["a.png"].has_thumbnail
    again = add(qtbot, adding, folder / "a.png")
    assert (again.added, again.known) == (0, 1)
    assert add(qtbot, adding, tmp_path / "unsaved-nothing").unreadable == 1


def test_an_empty_folder_says_so(qtbot: QtBot, adding: AddingRun, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert add(qtbot, adding, tmp_path / "empty").text() == "No photos were found there."


def test_what_is_asked_for_meanwhile_follows(
    qtbot: QtBot, session: CaseSession, adding: AddingRun, tmp_path: Path
) -> None:
    notes: list[tuple[int, str]] = []
    adding.note_wanted.connect(lambda number, note: notes.append((number, note)))
    with qtbot.waitSignal(adding.ended, timeout=WAIT_MS) as ended:
        adding.start([photo(tmp_path / "a.png", "red")])
        adding.start([photo(tmp_path / "b.png", "blue")], "Pasted from the clipboard")
    assert ended.args[0].added == 2
    assert notes == [(2, "Pasted from the clipboard")]


def test_stopping_keeps_what_was_added(
    qtbot: QtBot,
    session: CaseSession,
    adding: AddingRun,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(4):
        photo(tmp_path / "many" / f"{number}.png", f"#0000{number:02x}")
    stopped = threading.Event()
    take_in_all = adding._intake.take_in_all

    def wait_after_the_first(*arguments: Any, **options: Any) -> Iterator[object]:  # noqa: ANN401
        for number, taken in enumerate(take_in_all(*arguments, **options)):
            if number == 1:
                assert stopped.wait(WAIT_MS / 1000)
            yield taken

    def stop(_entry: EvidenceEntry) -> None:
        adding.stop()
        stopped.set()

    monkeypatch.setattr(adding._intake, "take_in_all", wait_after_the_first)
    session.entry_changed.connect(stop)
    with qtbot.waitSignal(adding.ended, timeout=WAIT_MS) as ended:
        adding.start([tmp_path / "many"])
    summary: AddingSummary = ended.args[0]
    assert summary.stopped
    assert summary.added == 1
    assert session.read(lambda case: len(list(case.exhibits()))) == 1
    assert not adding.is_running


def test_a_case_that_cannot_be_written_ends_the_adding(
    qtbot: QtBot, session: CaseSession, adding: AddingRun, tmp_path: Path
) -> None:
    failures: list[object] = []
    session.failed.connect(failures.append)
    session.close()
    for number in range(5):
        photo(tmp_path / "many" / f"{number}.png", f"#0000{number:02x}")
    summary = add(qtbot, adding, tmp_path / "many")
    assert summary.added == 0
    assert failures
    assert not adding.is_running


def test_a_case_keeps_the_originals_where_that_is_wished(
    qtbot: QtBot, session: CaseSession, tmp_path: Path
) -> None:
    adding = AddingRun(session, keep_originals=lambda: True)
    path = photo(tmp_path / "a.png", "red")
    add(qtbot, adding, path)
    adding.close()
    assert session.read(lambda case: b"".join(case.original(1))) == path.read_bytes()
