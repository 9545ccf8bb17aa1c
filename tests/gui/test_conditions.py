from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from geolocdesk.analysis import Exclusions
from geolocdesk.casefile.opening import read_case
from geolocdesk.gui.conditions_dialog import ConditionsDialog
from geolocdesk.gui.country_field import CountryField, country_names, parse_countries
from geolocdesk.gui.main_window import MainWindow
from geolocdesk.quantities import count_text
from tests.gui.accessible import assert_accessible
from tests.gui.test_main_window import (
    WAIT_MS,
    add,
    analyse,
    begin,
    is_settled,
    photos,
    show,
    window,
)

__all__ = ["photos", "window"]

AREA = '{"type": "Polygon", "coordinates": [[[15, 45], [17, 45], [17, 46], [15, 46], [15, 45]]]}'


def area_file(folder: Path) -> Path:
    file = folder / "coast.geojson"
    file.write_text(AREA, encoding="utf-8")
    return file


def test_countries_are_taken_by_letters_and_by_names() -> None:
    names = country_names()
    assert parse_countries(" hr, Slovenia ;croatia, ", names) == (frozenset({"HR", "SI"}), ())
    assert parse_countries("Atlantis, DE, QQ", names) == (frozenset({"DE"}), ("Atlantis", "QQ"))
    assert parse_countries("", names) == (frozenset(), ())


def test_every_country_comes_back_from_the_field_it_was_put_into(qtbot: QtBot) -> None:
    field = CountryField(frozenset(country_names()))
    qtbot.addWidget(field)
    assert field.codes == frozenset(country_names())
    assert field.problem == ""


def test_the_field_completes_what_stands_after_the_last_comma(qtbot: QtBot) -> None:
    field = CountryField(frozenset())
    qtbot.addWidget(field)
    field.setText("Croatia, slove")
    completer = field.completer()
    assert completer.splitPath(field.text()) == ["slove"]
    row = completer.model().match(completer.model().index(0, 0), Qt.ItemDataRole.DisplayRole, "Slovenia")[0]
    assert completer.pathFromIndex(row) == "Croatia, Slovenia"


def test_conditions_replace_conditions_and_leave_the_rest(qtbot: QtBot, tmp_path: Path) -> None:
    before = Exclusions(reference_ids=frozenset({"a"}), countries=frozenset({"FR"}), own_copies=True)
    dialog = ConditionsDialog([before])
    qtbot.addWidget(dialog)
    assert_accessible(dialog)
    assert dialog.changed(before) == before
    dialog._countries.setText("Croatia, SI")
    dialog._own_copies.setChecked(False)
    dialog.use_area(area_file(tmp_path))
    changed = dialog.changed(before)
    assert changed.reference_ids == {"a"}
    assert changed.countries == {"HR", "SI"}
    assert not changed.own_copies
    assert changed.within is not None
    assert changed.within.name == "coast.geojson"
    dialog._remove_area()
    assert dialog.changed(before).within is None


def test_what_is_no_country_and_no_area_is_said_and_not_taken(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = ConditionsDialog([Exclusions()])
    qtbot.addWidget(dialog)
    dialog._countries.setText("Atlantis")
    assert "Atlantis" in dialog.problem.text()
    assert not dialog.accept_button.isEnabled()
    dialog._countries.setText("Croatia")
    assert dialog.accept_button.isEnabled()
    empty = tmp_path / "empty.geojson"
    empty.write_text("{}", encoding="utf-8")
    dialog.use_area(empty)
    assert "polygons" in dialog.problem.text()
    assert dialog.changed(Exclusions()) == Exclusions(countries=frozenset({"HR"}))


def test_photos_with_different_conditions_are_told_so(qtbot: QtBot) -> None:
    dialog = ConditionsDialog([Exclusions(countries=frozenset({"FR"})), Exclusions()])
    qtbot.addWidget(dialog)
    assert "different conditions" in dialog.problem.text()
    assert dialog.accept_button.isEnabled()
    assert dialog.changed(Exclusions(places=frozenset({"pier"}))) == Exclusions(places=frozenset({"pier"}))


def shown_exclusions(window: MainWindow) -> Exclusions | None:
    """Return what was excluded from the answer that the panels show."""
    analysis = window.display.analysis
    return None if analysis is None else analysis.exclusions


def answer_dialog(window: MainWindow, countries: str) -> None:
    """Fill the dialog that opens next as a user does, and accept it."""

    def fill() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, ConditionsDialog):
            QTimer.singleShot(10, window, fill)
            return
        QTest.keyClicks(dialog._countries, countries)
        dialog.accept_button.click()

    QTimer.singleShot(0, window, fill)
    window.actions_by_name["conditions"].trigger()


def test_answers_follow_the_conditions_and_undo_brings_them_back(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, photos: list[Path]
) -> None:
    case = begin(qtbot, window, tmp_path)
    add(qtbot, window, photos[:2])
    analyse(qtbot, window)
    show(qtbot, window, 1)
    assert window.actions_by_name["conditions"].isEnabled()
    before = window.display.analysis
    assert before is not None
    window.workspace.evidence.select_all()
    answer_dialog(window, "Croatia")
    wanted = Exclusions(countries=frozenset({"HR"}))

    def both_have(exclusions: Exclusions) -> bool:
        with read_case(case) as reader:
            analyses = [reader.current_analysis(number) for number in (1, 2)]
        return all(found is not None and found.exclusions == exclusions for found in analyses)

    qtbot.waitUntil(lambda: both_have(wanted), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: shown_exclusions(window) == wanted, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: is_settled(window), timeout=WAIT_MS)
    assert window.actions_by_name["undo"].text() == f"Undo set search conditions of {count_text(2, 'photo')}"
    window.actions_by_name["undo"].trigger()
    qtbot.waitUntil(lambda: both_have(Exclusions()), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: shown_exclusions(window) == Exclusions(), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: is_settled(window), timeout=WAIT_MS)
    assert window.display.analysis is not None
    assert window.display.analysis.analysis_id == before.analysis_id


def test_a_photo_without_an_answer_is_analysed_with_its_conditions(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, photos: list[Path]
) -> None:
    begin(qtbot, window, tmp_path)
    add(qtbot, window, photos[:1])
    show(qtbot, window, 1)
    answer_dialog(window, "SI")
    qtbot.waitUntil(lambda: window.display.exclusions.countries == {"SI"}, timeout=WAIT_MS)
    assert not window.actions_by_name["compare"].isEnabled()  # there is no answer yet
    analyse(qtbot, window)
    assert window.display.analysis is not None
    assert window.display.analysis.exclusions.countries == {"SI"}


def test_answers_of_a_pack_that_is_not_open_stay_and_it_is_said_why(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, photos: list[Path]
) -> None:
    begin(qtbot, window, tmp_path)
    add(qtbot, window, photos[:1])
    analyse(qtbot, window)
    show(qtbot, window, 1)
    before = window.display.analysis
    assert before is not None
    window.reference._pack = None
    answer_dialog(window, "Croatia")
    qtbot.waitUntil(lambda: any("not open" in text for text in window.notices.texts()), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: is_settled(window), timeout=WAIT_MS)
    assert window.display.analysis is before
    assert window.display.exclusions.countries == {"HR"}
