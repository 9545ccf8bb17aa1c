from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from geolocdesk.analysis import Analysis, AnalysisFailure, Exclusions
from geolocdesk.casefile.exhibit import CaseDetails
from geolocdesk.casefile.opening import open_case, read_case
from geolocdesk.gui.case_session import CaseSession
from geolocdesk.gui.evidence_entry import EntryStatus, EvidenceEntry
from geolocdesk.gui.jobs import Failure
from geolocdesk.gui.open_case import Added, ExhibitContents, OpenCase
from geolocdesk.unavailable import Unavailable
from tests.doubles.analyses import make_analysis, make_picture, make_record

WAIT_MS = 60_000
DETAILS = CaseDetails(title="Operation Harbour", examiner="A. Examiner")


class Heard:
    """Everything a session said."""

    def __init__(self, session: CaseSession) -> None:
        self.opened: list[OpenCase] = []
        self.entries: dict[int, EvidenceEntry] = {}
        self.removed: list[int] = []
        self.analyses: list[tuple[int, Analysis]] = []
        self.failures: list[Failure] = []
        session.opened.connect(self.opened.append)
        session.entries_read.connect(self._take_in)
        session.entry_changed.connect(lambda entry: self._take_in((entry,)))
        session.entry_removed.connect(self.removed.append)
        session.recording.analysis_recorded.connect(
            lambda number, analysis: self.analyses.append((number, analysis))
        )
        session.failed.connect(self.failures.append)

    def _take_in(self, page: tuple[EvidenceEntry, ...]) -> None:
        self.entries.update({entry.number: entry for entry in page})


@pytest.fixture
def session(tmp_path: Path) -> Iterator[CaseSession]:
    made = CaseSession(actor="A. Examiner", unsaved_folder=tmp_path / "unsaved")
    yield made
    made.shut_down()


@pytest.fixture
def heard(session: CaseSession) -> Heard:
    return Heard(session)


def add(qtbot: QtBot, session: CaseSession, name: str, *, content: str | None = None) -> Added:
    record = make_record(Path(f"/evidence/{name}"))
    if content is not None:
        record = replace(record, sha256=content)
    added: list[Added] = []
    session.recording.add_photo(record, make_picture(), added.append)
    qtbot.waitUntil(lambda: bool(added), timeout=WAIT_MS)
    return added[0]


def record_analysis(session: CaseSession, number: int, analysis: Analysis) -> None:
    session.recording.record_analysis(
        number,
        analysis,
        neighbour_thumbnail=lambda _pack_id, row: make_picture() if row == 1001 else None,
        pack_verified_at=Unavailable.NOT_AVAILABLE,
    )


def contents_of(qtbot: QtBot, session: CaseSession, number: int) -> ExhibitContents:
    found: list[ExhibitContents] = []
    session.load(number, found.append)
    qtbot.waitUntil(lambda: bool(found), timeout=WAIT_MS)
    return found[0]


def test_a_photo_is_on_the_disk_before_it_is_shown(
    qtbot: QtBot, session: CaseSession, heard: Heard, tmp_path: Path
) -> None:
    path = tmp_path / "harbour.gldcase"
    assert session.create(path, DETAILS)
    assert heard.opened[-1].details == DETAILS
    added = add(qtbot, session, "a.jpg")
    with read_case(path) as case:  # a second reader sees what the window was told
        assert [exhibit.number for exhibit in case.exhibits()] == [added.entry.number]
    assert heard.entries[added.entry.number].status is EntryStatus.PENDING
    assert heard.failures == []


def test_the_same_content_from_another_path_is_recognised(
    qtbot: QtBot, session: CaseSession, heard: Heard, tmp_path: Path
) -> None:
    session.create(tmp_path / "harbour.gldcase", DETAILS)
    first = add(qtbot, session, "a.jpg", content="ab" * 32)
    again = add(qtbot, session, "a.jpg", content="ab" * 32)
    copy = add(qtbot, session, "copy of a.jpg", content="ab" * 32)
    assert (first.is_new, again.is_new, copy.is_new) == (True, False, False)
    assert copy.duplicate_of == again.entry.number == first.entry.number
    assert list(heard.entries) == [first.entry.number]


def test_an_answer_that_was_on_its_way_does_not_bring_a_removed_photo_back(
    qtbot: QtBot, session: CaseSession, heard: Heard, tmp_path: Path
) -> None:
    session.create(tmp_path / "harbour.gldcase", DETAILS)
    number = add(qtbot, session, "IMG_0001.jpg").entry.number
    heard.entries.clear()
    with qtbot.waitSignal(session.recording.analysis_recorded, timeout=WAIT_MS):
        record_analysis(session, number, make_analysis())
        assert session.remove(number)
    assert heard.entries == {}
    assert add(qtbot, session, "IMG_0001.jpg").entry.number == number
    assert list(heard.entries) == [number]


def test_an_analysis_is_recorded_once_and_an_earlier_one_is_chosen_again(
    qtbot: QtBot, session: CaseSession, heard: Heard, tmp_path: Path
) -> None:
    session.create(tmp_path / "harbour.gldcase", DETAILS)
    number = add(qtbot, session, "IMG_0001.jpg").entry.number
    first, second = make_analysis(neighbours=20), make_analysis(neighbours=30)
    for analysis in (first, second, first):
        record_analysis(session, number, analysis)
    qtbot.waitUntil(lambda: len(heard.analyses) == 3, timeout=WAIT_MS)
    assert heard.entries[number].status is EntryStatus.ANALYSED
    contents = contents_of(qtbot, session, number)
    assert contents.analysis is not None
    assert contents.analysis.analysis_id == first.analysis_id
    versions = session.read(lambda case: len(case.analyses(number)))
    assert versions == 2
    thumbnail = session.read(lambda case: case.neighbour_thumbnail(first.neighbours.pack_id, 1001))
    assert thumbnail == make_picture()


def test_failures_stay_in_the_list_with_their_reason(
    qtbot: QtBot, session: CaseSession, heard: Heard, tmp_path: Path
) -> None:
    session.create(tmp_path / "harbour.gldcase", DETAILS)
    session.recording.record_failure(
        AnalysisFailure(Path("/evidence/b.jpg"), "damaged", "It is damaged."), None
    )
    qtbot.waitUntil(lambda: bool(heard.entries), timeout=WAIT_MS)
    entry = heard.entries[1]
    assert (entry.name, entry.status, entry.failure) == ("b.jpg", EntryStatus.FAILED, "It is damaged.")


def test_an_analysis_of_a_changed_file_becomes_a_failure_that_says_so(
    qtbot: QtBot, session: CaseSession, heard: Heard, tmp_path: Path
) -> None:
    session.create(tmp_path / "harbour.gldcase", DETAILS)
    number = add(qtbot, session, "IMG_0001.jpg", content="cd" * 32).entry.number
    record_analysis(session, number, make_analysis())
    qtbot.waitUntil(lambda: heard.entries[number].status is EntryStatus.FAILED, timeout=WAIT_MS)
    assert "another file" in heard.entries[number].failure
    assert heard.analyses == []


def test_what_the_user_does_is_kept_and_can_be_undone(
    qtbot: QtBot, session: CaseSession, heard: Heard, tmp_path: Path
) -> None:
    session.create(tmp_path / "harbour.gldcase", DETAILS)
    number = add(qtbot, session, "a.jpg").entry.number
    exclusions = Exclusions(reference_ids=frozenset({"ref-1"}))
    assert session.set_exclusions(number, exclusions)
    assert session.write_note(number, "Seen before")
    assert session.write_note(number, "Seen before, in file 12")
    assert session.set_tags(number, ("harbour", "boat"))
    contents = contents_of(qtbot, session, number)
    assert contents.exclusions == exclusions
    assert [note.text for note in contents.notes] == ["Seen before, in file 12"]
    assert heard.entries[number].tags == ("boat", "harbour")
    assert heard.entries[number].has_notes
    assert session.write_note(number, "")
    assert not heard.entries[number].has_notes
    assert session.remove(number)
    assert heard.removed == [number]
    assert session.restore(number)
    assert heard.entries[number].tags == ("boat", "harbour")
    assert not session.remove(99)
    assert "no exhibit 99" in heard.failures[-1].message


def test_reopening_lists_everything(qtbot: QtBot, session: CaseSession, heard: Heard, tmp_path: Path) -> None:
    path = tmp_path / "harbour.gldcase"
    session.create(path, DETAILS)
    for number in range(1, 4):
        add(qtbot, session, f"{number}.jpg")
    session.close()
    heard.entries.clear()
    with qtbot.waitSignal(session.reading_finished, timeout=WAIT_MS):
        assert session.open(path)
    assert [entry.name for entry in heard.entries.values()] == ["1.jpg", "2.jpg", "3.jpg"]


def test_a_case_open_elsewhere_is_opened_for_reading_and_says_why(
    qtbot: QtBot, session: CaseSession, heard: Heard, tmp_path: Path
) -> None:
    path = tmp_path / "harbour.gldcase"
    session.create(path, DETAILS)
    number = add(qtbot, session, "a.jpg").entry.number
    session.close()
    with open_case(path, actor="somebody else", clock=lambda: datetime(2025, 1, 1, tzinfo=UTC)):
        with qtbot.waitSignal(session.reading_finished, timeout=WAIT_MS):
            assert session.open(path)
        assert not session.can_change
        assert "Another geolocdesk has this case open" in heard.opened[-1].read_only
        assert not session.set_tags(number, ("x",))
        assert "reading only" in heard.failures[-1].message
        session.close()


def test_what_cannot_be_opened_leaves_the_open_case_as_it_is(
    session: CaseSession, heard: Heard, tmp_path: Path
) -> None:
    session.create(tmp_path / "harbour.gldcase", DETAILS)
    (tmp_path / "text.gldcase").write_text("not a case")
    assert not session.open(tmp_path / "text.gldcase")
    assert not session.open(tmp_path / "nowhere.gldcase")
    assert len(heard.failures) == 2
    assert session.current is not None
    assert session.current.path == tmp_path / "harbour.gldcase"
    assert session.can_change


def test_an_untitled_case_survives_until_it_is_saved_or_discarded(
    qtbot: QtBot, session: CaseSession, heard: Heard, tmp_path: Path
) -> None:
    assert session.create_untitled("A. Examiner", "Unit 5")
    untitled = session.current
    assert untitled is not None
    assert untitled.untitled
    assert not session.has_content()
    add(qtbot, session, "a.jpg")
    assert session.has_content()
    session.close()
    assert session.unsaved_cases() == [untitled.path]
    with qtbot.waitSignal(session.reading_finished, timeout=WAIT_MS):
        session.open(untitled.path)
    with qtbot.waitSignal(session.reading_finished, timeout=WAIT_MS):
        assert session.save_as(tmp_path / "saved.gldcase", DETAILS)
    assert session.unsaved_cases() == []
    assert session.current is not None
    assert (session.current.path, session.current.untitled) == (tmp_path / "saved.gldcase", False)
    assert session.current.details == DETAILS
    assert heard.failures == []
    session.create_untitled()
    session.discard()
    assert list((tmp_path / "unsaved").iterdir()) == []
