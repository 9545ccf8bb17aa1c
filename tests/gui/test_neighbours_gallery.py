from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QLabel, QMenu, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from geolocdesk.analysis import Analysis, Exclusions
from geolocdesk.geodesy import Position
from geolocdesk.gui.callout import Callout
from geolocdesk.gui.neighbours_gallery import NeighboursGallery
from geolocdesk.gui.neighbours_model import KEPT_THUMBNAILS, NeighbourRole
from geolocdesk.gui.neighbours_view import NeighboursView
from geolocdesk.gui.placeholder import Placeholder
from geolocdesk.gui.theme import active_palette
from geolocdesk.reference.neighbours import Neighbours
from tests.doubles.analyses import make_analysis
from tests.doubles.places import NEAR_ZAGREB, NamedPlace
from tests.gui.accessible import assert_accessible

CARRIERS = {1: 0.5, 3: 0.2}


class CountingLookup:
    """Names every place and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[Position] = []

    def __call__(self, position: Position) -> NamedPlace:
        self.asked.append(position)
        return NEAR_ZAGREB


@pytest.fixture
def lookup() -> CountingLookup:
    return CountingLookup()


@pytest.fixture
def gallery(qtbot: QtBot, lookup: CountingLookup) -> Iterator[NeighboursGallery]:
    made = NeighboursGallery(lookup)
    qtbot.addWidget(made)
    made.resize(440, 400)
    made.show()
    yield made
    made.close()


def fill(gallery: NeighboursGallery, analysis: Analysis, *, same_photo: bool = False) -> None:
    gallery.show_neighbours(analysis.neighbours, analysis.estimate.weights, CARRIERS, same_photo=same_photo)
    QGuiApplication.processEvents()


def without(analysis: Analysis, rank: int) -> tuple[Neighbours, NDArray[np.float64]]:
    """Return the neighbours as a search without this rank would, the next ones moved up."""
    kept = [item for item in analysis.neighbours.items if item.rank != rank]
    items = tuple(replace(item, rank=place) for place, item in enumerate(kept, start=1))
    weights = np.full(len(items), 1 / len(items))
    return Neighbours(items, analysis.neighbours.pack_id), weights


def view(gallery: NeighboursGallery) -> NeighboursView:
    return gallery.findChildren(NeighboursView)[0]


def activate(gallery: NeighboursGallery, qtbot: QtBot) -> NeighboursView:
    """Give the cards the keyboard, in an active window, which shortcuts need."""
    with qtbot.waitActive(gallery):
        gallery.activateWindow()
    gallery.focus_cards()
    return view(gallery)


def values(spy: QSignalSpy) -> list[object]:
    return [spy.at(place)[0] for place in range(spy.count())]


def message(gallery: NeighboursGallery) -> str:
    shown = [placeholder for placeholder in gallery.findChildren(Placeholder) if placeholder.isVisible()]
    return shown[0].text() if shown else ""


def visible_buttons(gallery: NeighboursGallery) -> dict[str, QPushButton]:
    buttons = [button for button in gallery.findChildren(QPushButton) if button.isVisible()]
    return {button.accessibleName() or button.text(): button for button in buttons}


def star(gallery: NeighboursGallery) -> QToolButton:
    return next(
        button
        for button in gallery.findChildren(QToolButton)
        if "carry the answer" in button.accessibleName()
    )


# Selection, both ways


def test_going_to_a_card_is_told(gallery: NeighboursGallery) -> None:
    fill(gallery, make_analysis())
    spy = QSignalSpy(gallery.neighbour_selected)
    cards = view(gallery)
    at = cards.visualRect(cards.model().index(1, 0)).center()
    QTest.mouseClick(cards.viewport(), Qt.MouseButton.LeftButton, pos=at)
    QTest.keyClick(cards, Qt.Key.Key_Left)
    assert values(spy) == [2, 1]
    assert gallery.selected_rank == 1


def test_being_sent_to_a_card_is_not_told_again(gallery: NeighboursGallery) -> None:
    fill(gallery, make_analysis(neighbours=60))
    spy = QSignalSpy(gallery.neighbour_selected)
    gallery.select_neighbour(50)
    assert gallery.selected_rank == 50
    cards = view(gallery)
    assert cards.viewport().rect().intersects(cards.visualRect(cards.currentIndex()))
    assert spy.count() == 0
    gallery.select_neighbour(None)
    assert not view(gallery).currentIndex().isValid()
    assert spy.count() == 0


def test_an_unknown_rank_selects_nothing(gallery: NeighboursGallery) -> None:
    fill(gallery, make_analysis())
    gallery.select_neighbour(99)
    assert gallery.selected_rank is None


def test_another_photo_begins_without_a_selection(gallery: NeighboursGallery) -> None:
    fill(gallery, make_analysis(neighbours=60))
    gallery.select_neighbour(40)
    fill(gallery, make_analysis(seed=2, neighbours=60))
    assert gallery.selected_rank is None
    assert view(gallery).verticalScrollBar().value() == 0


def test_other_parameters_keep_selection_and_place(gallery: NeighboursGallery) -> None:
    analysis = make_analysis(neighbours=60)
    fill(gallery, analysis)
    gallery.select_neighbour(40)
    before = view(gallery).verticalScrollBar().value()
    fill(gallery, analysis, same_photo=True)
    assert gallery.selected_rank == 40
    assert view(gallery).verticalScrollBar().value() == before > 0


def test_the_next_one_takes_an_excluded_ones_place(gallery: NeighboursGallery) -> None:
    analysis = make_analysis()
    fill(gallery, analysis)
    gallery.select_neighbour(4)
    neighbours, weights = without(analysis, 4)
    gallery.show_neighbours(neighbours, weights, {}, same_photo=True)
    assert gallery.selected_rank == 4
    gallery.select_neighbour(3)
    neighbours, weights = without(analysis, 1)
    gallery.show_neighbours(neighbours, weights, {}, same_photo=True)
    assert gallery.selected_rank == 2, "the same reference, one rank higher"


# Excluding and restoring


def test_keys_ask_to_exclude(gallery: NeighboursGallery, qtbot: QtBot) -> None:
    analysis = make_analysis()
    fill(gallery, analysis)
    gallery.select_neighbour(2)
    reference = analysis.neighbours.items[1].reference
    spy = QSignalSpy(gallery.exclude_requested)
    cards = activate(gallery, qtbot)
    QTest.keyClick(cards, Qt.Key.Key_Delete)
    QTest.keyClick(cards, Qt.Key.Key_Delete, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(cards, Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier)
    assert values(spy) == [
        Exclusions(reference_ids=frozenset({reference.reference_id})),
        Exclusions(places=frozenset({str(reference.place)})),
        Exclusions(photographers=frozenset({str(reference.photographer)})),
    ]
    assert gallery.selected_rank == 2, "the shell excludes, not the gallery"


def test_what_a_reference_does_not_name_cannot_be_excluded_by_it(
    gallery: NeighboursGallery, qtbot: QtBot
) -> None:
    fill(gallery, make_analysis(bare=True))
    gallery.select_neighbour(1)
    spy = QSignalSpy(gallery.exclude_requested)
    cards = activate(gallery, qtbot)
    QTest.keyClick(cards, Qt.Key.Key_Delete, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(cards, Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier)
    assert spy.count() == 0
    disabled = [action.text() for action in cards.actions() if not action.isEnabled()]
    assert disabled == [
        "Exclude everything of its place (not available)",
        "Exclude everything by its photographer (not available)",
        "Copy link as text (not available)",
    ]


def test_the_menu_offers_every_action_with_its_keys(gallery: NeighboursGallery) -> None:
    fill(gallery, make_analysis())
    gallery.select_neighbour(2)
    view(gallery).customContextMenuRequested.emit(QPoint(20, 20))
    menu = gallery.findChildren(QMenu)[0]
    offered = [action for action in menu.actions() if not action.isSeparator()]
    assert offered == view(gallery).actions()
    assert all(action.isEnabled() and not action.shortcut().isEmpty() for action in offered)
    assert any("山田太郎" in action.text() for action in offered)
    menu.close()


def test_excluded_ones_are_listed_and_can_come_back(gallery: NeighboursGallery) -> None:
    fill(gallery, make_analysis())
    exclusions = Exclusions(frozenset({"ref-2", "ref-1"}), frozenset({"place-3"}), frozenset({"A & B"}))
    gallery.show_exclusions(exclusions)
    heading = next(button for button in gallery.findChildren(QToolButton) if "Excluded" in button.text())
    assert heading.text() == "Excluded: 2 photos, 1 place, 1 photographer".replace("2 ", "2\u00a0").replace(
        "1 ", "1\u00a0"
    )
    assert "Restore: Photo ref-1" not in visible_buttons(gallery)
    heading.click()
    shown = visible_buttons(gallery)
    assert [name for name in shown if name.startswith("Restore: ")] == [
        "Restore: Place place-3",
        "Restore: Photographer A & B",
        "Restore: Photo ref-1",
        "Restore: Photo ref-2",
    ]
    spy = QSignalSpy(gallery.restore_requested)
    shown["Restore: Photo ref-2"].click()
    shown["Restore all"].click()
    assert values(spy) == [Exclusions(frozenset({"ref-2"})), exclusions]
    assert_accessible(gallery)
    gallery.show_exclusions(Exclusions())
    assert not heading.isVisible()


# States


def test_every_state_says_what_it_is(gallery: NeighboursGallery) -> None:
    assert "Select an analysed photo" in message(gallery)
    gallery.show_waiting()
    assert "Analyse this photo" in message(gallery)
    gallery.show_unsearched()
    assert "could not be compared" in message(gallery)
    gallery.show_searching()
    assert "Analysis under way" in message(gallery)
    gallery.show_failure("The pack is gone.")
    assert "The pack is gone." in message(gallery)
    assert visible_buttons(gallery) == {}
    fill(gallery, make_analysis())
    assert message(gallery) == ""
    assert any(
        label.text().replace("\u00a0", " ") == "20 nearest references · 2 carry the answer"
        for label in gallery.findChildren(QLabel)
    )


def test_when_none_is_left_there_is_a_way_back(gallery: NeighboursGallery) -> None:
    exclusions = Exclusions(reference_ids=frozenset({"ref-1"}))
    gallery.show_exclusions(exclusions)
    gallery.show_neighbours(Neighbours((), "pack"), np.empty(0), {})
    assert "No reference is left" in message(gallery)
    spy = QSignalSpy(gallery.restore_requested)
    visible_buttons(gallery)["Restore everything excluded"].click()
    assert values(spy) == [exclusions]


def test_only_those_that_carry_the_answer(gallery: NeighboursGallery) -> None:
    fill(gallery, make_analysis())
    gallery.select_neighbour(3)
    star(gallery).click()
    assert view(gallery).model().rowCount() == len(CARRIERS)
    assert gallery.selected_rank == 3
    gallery.select_neighbour(2)
    assert gallery.selected_rank == 2, "what the map selects is shown"
    assert view(gallery).model().rowCount() == 20
    gallery.show_neighbours(make_analysis().neighbours, make_analysis().estimate.weights, {})
    assert not star(gallery).isEnabled()


def test_a_pack_without_thumbnails_says_so_once(gallery: NeighboursGallery) -> None:
    fill(gallery, make_analysis())
    gallery.show_pack_without_thumbnails(True)
    assert any(
        "without thumbnails" in note.text() for note in gallery.findChildren(Callout) if note.isVisible()
    )
    gallery.show_pack_without_thumbnails(False)
    assert not [note for note in gallery.findChildren(Callout) if note.isVisible()]


def test_a_card_without_a_thumbnail_shows_its_id(gallery: NeighboursGallery) -> None:
    analysis = make_analysis()
    drawn: list[QImage] = []
    for reference_id in ("first", "other"):
        first, *rest = analysis.neighbours.items
        named = replace(first, reference=replace(first.reference, reference_id=reference_id))
        neighbours = Neighbours((named, *rest), analysis.neighbours.pack_id)
        fill(gallery, replace(analysis, neighbours=neighbours))
        gallery.set_thumbnail(first.reference.row, None)
        drawn.append(view(gallery).grab().toImage())
    assert drawn[0] != drawn[1]


# Comparing and copying


def test_return_and_double_click_compare(gallery: NeighboursGallery, qtbot: QtBot) -> None:
    fill(gallery, make_analysis())
    spy = QSignalSpy(gallery.compare_requested)
    cards = activate(gallery, qtbot)
    gallery.select_neighbour(1)
    QTest.keyClick(cards, Qt.Key.Key_Return)
    at = cards.visualRect(cards.model().index(1, 0)).center()
    QTest.mouseClick(cards.viewport(), Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseDClick(cards.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert values(spy) == [1, 2]


def test_id_position_and_link_are_copied_as_text(gallery: NeighboursGallery, qtbot: QtBot) -> None:
    analysis = make_analysis()
    fill(gallery, analysis)
    gallery.select_neighbour(2)
    reference = analysis.neighbours.items[1].reference
    cards = activate(gallery, qtbot)
    clipboard = QGuiApplication.clipboard()
    control = Qt.KeyboardModifier.ControlModifier
    QTest.keyClick(cards, Qt.Key.Key_C, control)
    assert clipboard.text() == reference.reference_id
    QTest.keyClick(cards, Qt.Key.Key_C, control | Qt.KeyboardModifier.ShiftModifier)
    assert clipboard.text() == f"{reference.position.latitude:.6f}, {reference.position.longitude:.6f}"
    QTest.keyClick(cards, Qt.Key.Key_L, control)
    assert clipboard.text() == reference.url


# A thousand neighbours


def test_only_what_is_in_view_is_asked_for(gallery: NeighboursGallery, lookup: CountingLookup) -> None:
    spy = QSignalSpy(gallery.thumbnail_wanted)
    fill(gallery, make_analysis(neighbours=1000))
    gallery.grab()
    asked = values(spy)
    assert asked[:3] == [1001, 1002, 1003], "the nearest first"
    assert len(asked) == len(set(asked)) <= 16
    assert len(lookup.asked) <= 16
    view(gallery).verticalScrollBar().setValue(view(gallery).verticalScrollBar().maximum())
    QGuiApplication.processEvents()
    later = values(spy)[len(asked) :]
    assert 2000 in later
    assert len(later) <= 16


def test_an_asked_for_thumbnail_is_not_asked_for_again(gallery: NeighboursGallery) -> None:
    spy = QSignalSpy(gallery.thumbnail_wanted)
    analysis = make_analysis(neighbours=1000)
    fill(gallery, analysis)
    first = spy.count()
    gallery.set_thumbnail(1001, QImage(32, 24, QImage.Format.Format_RGB32))
    gallery.set_thumbnail(1002, None)
    fill(gallery, analysis, same_photo=True)
    gallery.resize(445, 400)
    QGuiApplication.processEvents()
    assert spy.count() == first


def test_few_thumbnails_are_kept_and_dropped_ones_are_asked_for_again(gallery: NeighboursGallery) -> None:
    fill(gallery, make_analysis(neighbours=1000))
    model = view(gallery).model()
    spy = QSignalSpy(gallery.thumbnail_wanted)
    bar = view(gallery).verticalScrollBar()
    for value in range(0, bar.maximum(), bar.pageStep()):
        bar.setValue(value)
        QGuiApplication.processEvents()
    assert spy.count() > KEPT_THUMBNAILS
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    for row in range(1001, 2001):
        gallery.set_thumbnail(row, image)
    kept = [row for row in range(1000) if model.index(row, 0).data(NeighbourRole.THUMBNAIL) is not None]
    assert len(kept) <= KEPT_THUMBNAILS
    before = spy.count()
    bar.setValue(0)
    QGuiApplication.processEvents()
    assert 1001 in values(spy)[before:]


def test_thumbnails_of_another_pack_are_not_mixed_in(gallery: NeighboursGallery) -> None:
    analysis = make_analysis()
    fill(gallery, analysis)
    gallery.set_thumbnail(1001, QImage(8, 8, QImage.Format.Format_RGB32))
    spy = QSignalSpy(gallery.thumbnail_wanted)
    other = Neighbours(analysis.neighbours.items, "another pack")
    gallery.show_neighbours(other, analysis.estimate.weights, {})
    QGuiApplication.processEvents()
    assert 1001 in values(spy)


# Drawing


def test_cards_fill_the_width_in_whole_columns(gallery: NeighboursGallery) -> None:
    fill(gallery, make_analysis())
    cards = view(gallery)
    for width, columns in ((200, 1), (440, 2), (620, 3), (900, 5)):
        gallery.resize(width, 400)
        QGuiApplication.processEvents()
        assert cards.columns == columns
        tops = [cards.visualRect(cards.model().index(row, 0)).top() for row in range(columns + 1)]
        assert len(set(tops[:columns])) == 1
        assert tops[columns] > tops[0]


def test_a_card_draws_its_thumbnail_and_its_weight(gallery: NeighboursGallery) -> None:
    fill(gallery, make_analysis())
    thumbnail = QImage(40, 30, QImage.Format.Format_RGB32)
    thumbnail.fill(QColor(200, 30, 40))
    gallery.set_thumbnail(1001, thumbnail)
    cards = view(gallery)
    card = cards.visualRect(cards.model().index(0, 0))
    drawn = cards.viewport().grab().toImage()
    assert drawn.pixelColor(card.center().x(), card.top() + 60) == QColor(200, 30, 40)
    bar_colour = QColor(active_palette().neighbour)
    column = [drawn.pixelColor(card.right() - 12, y) for y in range(card.top() + 30, card.bottom())]
    assert bar_colour in column, "the heaviest neighbour's bar is full"


def test_a_card_says_everything_to_a_screen_reader(gallery: NeighboursGallery) -> None:
    fill(gallery, make_analysis())
    index = view(gallery).model().index(0, 0)
    spoken = str(index.data(Qt.ItemDataRole.AccessibleTextRole)).replace("\u00a0", " ")
    assert spoken.startswith("Neighbour 1, near Zagreb, Croatia, distance 0.")
    assert spoken.endswith(", carries the answer")
    assert_accessible(gallery)


def test_a_tooltip_shows_hostile_names_as_text(gallery: NeighboursGallery) -> None:
    analysis = make_analysis(path=Path("/evidence/a.jpg"))
    item = analysis.neighbours.items[0]
    hostile = replace(item, reference=replace(item.reference, photographer="<img src='file:///etc/passwd'>"))
    gallery.show_neighbours(Neighbours((hostile,), "pack"), np.ones(1), {})
    tip = str(view(gallery).model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole))
    assert "<img" not in tip
    assert "&lt;img" in tip
