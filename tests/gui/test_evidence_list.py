import random
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractListModel, QModelIndex, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from geolocdesk.casefile.exhibit import CaseDetails
from geolocdesk.casefile.opening import create_case
from geolocdesk.estimation.location import LEVELS, Familiarity, LevelAnswer
from geolocdesk.geodesy import Position
from geolocdesk.gui import evidence_model
from geolocdesk.gui.case_files import utc_clock
from geolocdesk.gui.evidence_delegate import EvidenceDelegate
from geolocdesk.gui.evidence_entry import EntryStatus, EvidenceEntry, entry_of
from geolocdesk.gui.evidence_list import EvidenceList
from geolocdesk.gui.evidence_model import (
    EvidenceFilter,
    EvidenceModel,
    EvidenceRole,
    SortKey,
    counts_text,
)
from geolocdesk.gui.theme import active_palette
from geolocdesk.unavailable import Unavailable
from tests.doubles.analyses import make_analysis

SPLIT = Position(43.5, 16.4)


def entry(number: int, name: str = "", *, probability: float | None = None, place: str = "") -> EvidenceEntry:
    answers = 0.0 if probability is None else probability
    levels = tuple(LevelAnswer(level, SPLIT, answers) for level in LEVELS)
    return EvidenceEntry(
        number=number,
        name=name or f"{number}.jpg",
        path=Path(f"/evidence/{name or number}"),
        sha256=Unavailable.NOT_AVAILABLE,
        status=EntryStatus.PENDING if probability is None else EntryStatus.ANALYSED,
        failure="",
        place=place,
        position=None,
        levels=() if probability is None else levels,
        tags=(),
        has_thumbnail=True,
        has_notes=False,
    )


@pytest.fixture
def model() -> EvidenceModel:
    made = EvidenceModel()
    QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal, made)
    return made


@pytest.fixture
def shown(qtbot: QtBot, model: EvidenceModel) -> EvidenceList:
    made = EvidenceList(model)
    qtbot.addWidget(made)
    made.resize(320, 480)
    made.show()
    return made


def names(model: QAbstractListModel) -> list[str]:
    return [str(model.index(row).data()) for row in range(model.rowCount())]


def test_photos_are_listed_in_the_order_added(model: EvidenceModel) -> None:
    model.add_entries([entry(1), entry(2)])
    model.add_entries([entry(2), entry(3)])
    assert names(model) == ["1.jpg", "2.jpg", "3.jpg"]


def test_changes_and_removals_reach_the_view(qtbot: QtBot, model: EvidenceModel) -> None:
    model.add_entries([entry(1), entry(2), entry(3)])
    with qtbot.waitSignal(model.dataChanged):
        model.set_entry(replace(entry(2), name="renamed.jpg"))
    model.remove_entry(1)
    model.remove_entry(1)
    assert names(model) == ["renamed.jpg", "3.jpg"]
    assert model.index_of(3).row() == 1
    assert not model.index_of(1).isValid()


def test_search_takes_every_word_from_any_of_what_is_shown(model: EvidenceModel) -> None:
    model.add_entries(
        [
            entry(1, "Harbour.jpg", probability=0.5, place="near Split, Croatia"),
            replace(entry(2, "b.jpg"), tags=("harbour",)),
            replace(entry(3, "c.jpg"), failure="The file is damaged.", status=EntryStatus.FAILED),
        ]
    )
    for words, expected in (
        (("harbour",), ["Harbour.jpg", "b.jpg"]),
        (("harbour", "split"), ["Harbour.jpg"]),
        (("damaged",), ["c.jpg"]),
        (("nowhere",), []),
    ):
        model.set_filter(EvidenceFilter(words=words))
        assert names(model) == expected
    model.set_filter(EvidenceFilter(statuses=frozenset({EntryStatus.FAILED})))
    assert names(model) == ["c.jpg"]
    model.set_filter(EvidenceFilter(tag="harbour"))
    assert names(model) == ["b.jpg"]
    assert (
        counts_text(model).replace("\N{NO-BREAK SPACE}", " ") == "1 of 3 photos · 1 not analysed · 1 failed"
    )


@pytest.mark.parametrize(
    ("key", "descending", "expected"),
    [
        (SortKey.ADDED, True, ["c", "B", "a"]),
        (SortKey.NAME, False, ["a", "B", "c"]),
        (SortKey.CONFIDENCE, False, ["B", "a", "c"]),
        (SortKey.CONFIDENCE, True, ["c", "a", "B"]),
        (SortKey.PLACE, False, ["B", "a", "c"]),
        (SortKey.STATUS, False, ["c", "a", "B"]),
    ],
)
def test_orders(model: EvidenceModel, key: SortKey, descending: bool, expected: list[str]) -> None:
    model.add_entries(
        [
            entry(1, "a", probability=0.2, place="Zagreb"),
            entry(2, "B", probability=0.9, place="Athens"),
            entry(3, "c"),
        ]
    )
    model.sort_by(key, descending=descending)
    assert names(model) == expected


def test_a_result_that_changes_the_order_moves_its_photo_soon(qtbot: QtBot, model: EvidenceModel) -> None:
    model.add_entries([entry(1, probability=0.9), entry(2)])
    model.sort_by(SortKey.CONFIDENCE)
    with qtbot.waitSignal(model.layoutChanged):
        model.set_entry(entry(2, probability=0.95))
    assert names(model) == ["2.jpg", "1.jpg"]


def test_rows_behind_the_first_come_together(qtbot: QtBot, model: EvidenceModel, shown: EvidenceList) -> None:
    inserted: list[tuple[int, int]] = []
    model.rowsInserted.connect(lambda _parent, first, last: inserted.append((first, last)))
    for number in range(1, 1001):
        model.set_entry(entry(number))
    model.remove_entry(700)
    model.set_entry(entry(701, "changed.jpg"))
    assert counts_text(model) == "999\N{NO-BREAK SPACE}photos · 999 not analysed"
    assert model.listed == 999
    qtbot.waitUntil(lambda: model.rowCount() == 999)
    assert inserted == [*((row, row) for row in range(50)), (50, 998)]
    numbers = [model.index(row).data(EvidenceRole.NUMBER) for row in range(999)]
    assert numbers == [number for number in range(1, 1001) if number != 700]
    assert names(model)[699] == "changed.jpg"


def test_a_row_on_its_way_is_there_when_it_is_asked_for(model: EvidenceModel, shown: EvidenceList) -> None:
    model.add_entries([entry(number) for number in range(1, 61)])
    model.set_entry(entry(61))
    shown.select(61)
    assert shown.current() == 61


def test_rows_on_their_way_are_listed_once_when_the_list_is_sorted(
    qtbot: QtBot, model: EvidenceModel
) -> None:
    model.add_entries([entry(number) for number in range(1, 61)])
    model.set_entry(entry(61, "0.jpg"))
    model.sort_by(SortKey.NAME)
    assert names(model)[0] == "0.jpg"
    qtbot.wait(300)
    assert model.rowCount() == 61


def test_selection_and_current_photo_stay_with_their_photos(
    model: EvidenceModel, shown: EvidenceList
) -> None:
    model.add_entries([entry(number, name) for number, name in ((1, "c"), (2, "b"), (3, "a"))])
    shown.select(1)
    model.sort_by(SortKey.NAME)
    assert shown.current() == 1
    assert shown.selected() == [1]
    assert shown.view.currentIndex().row() == 2


def test_waiting_photos_say_so_until_their_answer_comes(model: EvidenceModel) -> None:
    model.add_entries([entry(1), entry(2)])
    model.set_queued([1, 2, 77])
    first = model.index(0).data(EvidenceRole.ENTRY)
    assert first.status is EntryStatus.QUEUED
    assert model.count(EntryStatus.QUEUED) == 2
    assert model.count(EntryStatus.PENDING) == 0
    model.set_entry(entry(1, probability=0.4))
    assert model.count(EntryStatus.QUEUED) == model.count(EntryStatus.ANALYSED) == 1
    model.set_queued(())
    assert model.count(EntryStatus.PENDING) == 1


@pytest.mark.parametrize("seed", range(20))
def test_the_counts_are_those_of_the_entries_whatever_happens(model: EvidenceModel, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(60):
        number = rng.randint(1, 9)
        what = rng.choice(("set", "set", "remove", "queue", "clear" if rng.random() < 0.1 else "set"))
        if what == "set":
            status = rng.choice((EntryStatus.PENDING, EntryStatus.ANALYSED, EntryStatus.FAILED))
            model.set_entry(replace(entry(number), status=status))
        elif what == "remove":
            model.remove_entry(number)
        elif what == "queue":
            model.set_queued(rng.sample(range(1, 12), rng.randint(0, 6)))
        else:
            model.clear()
        found = [listed.status for number in range(1, 10) if (listed := model.entry(number)) is not None]
        assert model.total == len(found)
        assert {status: model.count(status) for status in EntryStatus} == {
            status: found.count(status) for status in EntryStatus
        }


def test_thumbnails_are_asked_for_once_and_only_when_seen(
    qtbot: QtBot, model: EvidenceModel, shown: EvidenceList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_model, "KEPT_THUMBNAILS", 30)
    wanted: list[int] = []
    model.thumbnail_wanted.connect(wanted.append)
    model.add_entries([entry(number) for number in range(1, 1001)])
    qtbot.waitUntil(lambda: bool(wanted))
    assert len(wanted) < 20
    assert len(set(wanted)) == len(wanted)
    picture = QImage(8, 8, QImage.Format.Format_RGB32)
    picture.fill(QColor("red"))
    model.set_thumbnail(1, picture)
    thumbnail = model.thumbnail(1)
    assert thumbnail is not None
    assert thumbnail.size() == picture.size()
    for number in range(2, 32):
        model.set_thumbnail(number, picture)
    assert model.thumbnail(1) is None
    assert wanted[-1] == 1


def test_every_row_is_there_in_words(model: EvidenceModel) -> None:
    model.add_entries(
        [
            entry(1, probability=0.5, place="near Split, Croatia"),
            replace(entry(2, "x\u202egpj.exe"), status=EntryStatus.FAILED, failure="Damaged."),
        ]
    )
    said = [model.index(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in (0, 1)]
    assert said[0] == "Exhibit 1, 1.jpg, analysed, near Split, Croatia, 50% at region level"
    assert said[1] == "Exhibit 2, x⟨U+202E⟩gpj.exe, failed, Damaged."


def test_the_keyboard_goes_through_the_list(model: EvidenceModel, shown: EvidenceList) -> None:
    went: list[int] = []
    shown.current_changed.connect(went.append)
    model.add_entries([entry(1), entry(2), entry(3)])
    shown.step(1)
    QTest.keyClick(shown.view, Qt.Key.Key_Down)
    shown.step(5)
    shown.step(-1)
    assert went == [1, 2, 3, 2]
    shown.select_all()
    assert shown.selected() == [1, 2, 3]


def test_an_empty_list_offers_the_next_step(qtbot: QtBot, model: EvidenceModel, shown: EvidenceList) -> None:
    with qtbot.waitSignal(shown.add_requested):
        shown._message.action_triggered.emit()
    model.add_entries([entry(1)])
    shown.set_words("nothing")
    assert shown._message.text().startswith("No photo matches")
    shown._message.action_triggered.emit()
    assert names(model) == ["1.jpg"]


def test_a_changed_row_is_painted_and_only_that_row(
    qtbot: QtBot, model: EvidenceModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[int] = []

    def note(
        _delegate: EvidenceDelegate, _painter: QPainter, _option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        painted.append(index.row())

    monkeypatch.setattr(EvidenceDelegate, "paint", note)
    model.add_entries([entry(number) for number in (1, 2, 3)])
    panel = EvidenceList(model)
    qtbot.addWidget(panel)
    panel.resize(320, 480)
    panel.show()
    qtbot.waitUntil(lambda: set(painted) == {0, 1, 2})
    qtbot.wait(50)
    painted.clear()
    model.set_entry(replace(entry(2), has_notes=True))
    qtbot.waitUntil(lambda: bool(painted))
    assert set(painted) == {1}


def test_a_photo_like_nothing_in_the_pack_is_warned_of_in_words_and_found_by_them(
    qtbot: QtBot, model: EvidenceModel, shown: EvidenceList
) -> None:
    strange = replace(entry(2, probability=0.5, place="near Split, Croatia"), is_unfamiliar=True)
    model.add_entries([entry(1, probability=0.5, place="near Split, Croatia"), strange])
    spoken = [model.index(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in (0, 1)]
    assert "warning" not in spoken[0]
    assert "warning: resembles nothing in the pack, near Split" in spoken[1]
    assert "cannot be relied on" in model.index(1).data(Qt.ItemDataRole.ToolTipRole)
    assert counts_text(model).endswith("1 like nothing in the pack")
    model.sort_by(SortKey.STATUS, descending=True)
    assert names(model) == ["2.jpg", "1.jpg"]
    shown.set_words("resembles nothing")
    assert names(model) == ["2.jpg"]
    shown.set_words("")
    model.set_entry(replace(strange, is_unfamiliar=False))
    assert "like nothing" not in counts_text(model)
    model.set_entry(strange)
    model.remove_entry(2)
    assert model.unfamiliar == 0


def test_the_warning_is_drawn_where_the_photo_stands(
    qtbot: QtBot, model: EvidenceModel, shown: EvidenceList
) -> None:
    drawn = []
    for is_unfamiliar in (False, True):
        model.set_entry(replace(entry(1, probability=0.5, place="near Split"), is_unfamiliar=is_unfamiliar))
        picture = shown.view.viewport().grab().toImage()
        row = shown.view.visualRect(model.index(0))
        drawn.append(
            {
                picture.pixelColor(x, y).name()
                for x in range(row.left(), row.right())
                for y in range(row.top(), row.bottom())
            }
        )
    warning = active_palette().warning
    assert [warning in colours for colours in drawn] == [False, True]


@pytest.mark.parametrize(("distance", "unfamiliar"), [(0.9, True), (0.7, False), (None, False)])
def test_the_case_says_which_answers_are_of_photos_like_nothing_in_the_pack(
    tmp_path: Path, distance: float | None, unfamiliar: bool
) -> None:
    familiarity = Unavailable.NOT_AVAILABLE if distance is None else Familiarity(distance, 0.99, 0.8, 40)
    analysis = make_analysis()
    analysis = replace(analysis, estimate=replace(analysis.estimate, familiarity=familiarity))
    with create_case(tmp_path / "a.gldcase", CaseDetails(title="a"), actor="x", clock=utc_clock) as case:
        number = case.add_evidence(analysis.evidence, None)
        case.record_analysis(analysis, exhibit=number, pack_verified_at="")
        listed = entry_of(case.exhibit(number), place="", tags=(), has_notes=False)
    assert listed.is_unfamiliar is unfamiliar


def test_the_first_photo_of_a_list_that_has_the_keyboard_is_selected(
    qtbot: QtBot, model: EvidenceModel, shown: EvidenceList
) -> None:
    shown.activateWindow()
    shown.focus_first()
    model.add_entries([entry(1), entry(2)])
    shown.view.setFocus()
    qtbot.waitUntil(lambda: shown.current() == 1)
    assert shown.selected() == [1]
    model.add_entries([entry(3)])
    shown.select(2)
    shown.view.clearFocus()
    shown.view.setFocus()
    assert shown.selected() == [2]
