from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QTreeView
from pytestqt.qtbot import QtBot

from geolocdesk.evidence.record import ExifSummary, ExifTag
from geolocdesk.gui.callout import Callout
from geolocdesk.gui.copy_button import CopyButton
from geolocdesk.gui.exif_rows import list_groups
from geolocdesk.gui.exif_view import ExifView
from geolocdesk.unavailable import Unavailable
from tests.doubles.analyses import make_record
from tests.gui.accessible import assert_accessible


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[ExifView]:
    made = ExifView()
    qtbot.addWidget(made)
    made.resize(500, 500)
    made.show()
    yield made
    made.close()


def tree(view: ExifView) -> QTreeView:
    return view.findChildren(QTreeView)[0]


def model(view: ExifView) -> QAbstractItemModel:
    return tree(view).model()


def lines(view: ExifView) -> dict[str, dict[str, str]]:
    """Return what is shown as values by name by group."""
    items = model(view)
    found: dict[str, dict[str, str]] = {}
    for row in range(items.rowCount()):
        group = items.index(row, 0)
        found[str(group.data())] = {
            str(items.index(child, 0, group).data()): str(items.index(child, 1, group).data())
            for child in range(items.rowCount(group))
        }
    return found


def select(view: ExifView, name: str) -> QModelIndex:
    found = model(view).match(
        model(view).index(0, 0), Qt.ItemDataRole.DisplayRole, name, 1,
        Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive,
    )[0]  # fmt: skip
    tree(view).setCurrentIndex(found)
    return found


def test_claims_and_facts_are_listed_apart(view: ExifView) -> None:
    view.show_record(make_record(), 12.3)
    shown = lines(view)
    assert shown["File, as read by this program"]["SHA-256"] == make_record().sha256
    assert shown["Claims of the file"]["GPS position"] == "45.813100, 15.977200"
    assert shown["Claims of the file"]["… in degrees, minutes, seconds"] == "45°48′47.2″ N, 15°58′37.9″ E"
    assert shown["Claims of the file"]["… its distance from the answer"] == "12\N{NO-BREAK SPACE}km"
    assert shown["Claims of the file"]["Lens"] == "unreadable"
    assert shown["Tags: GPS"] == {"GPSLatitude": "[45, 48, 471/10]"}


def test_what_is_missing_is_written_out(view: ExifView) -> None:
    view.show_record(make_record(bare=True), Unavailable.NOT_APPLICABLE)
    claims = lines(view)["Claims of the file"]
    assert set(claims.values()) == {"not available", "not applicable"}
    assert len(claims) == 10


def test_it_is_always_marked_as_untrusted(view: ExifView) -> None:
    view.show_record(make_record())
    notices = [notice.text() for notice in view.findChildren(Callout) if notice.isVisible()]
    assert any("Untrusted" in notice for notice in notices)
    assert any("two seconds" in notice and "cut short" in notice for notice in notices)
    view.show_record(make_record(bare=True))
    assert [notice.text() for notice in view.findChildren(Callout) if notice.isVisible()] == notices[:1]


def test_the_filter_looks_at_names_and_values(view: ExifView) -> None:
    view.show_record(make_record())
    search = view.findChildren(QLineEdit)[0]
    QTest.keyClicks(search, "canon")
    assert lines(view) == {
        "Claims of the file": {"Camera": "Canon EOS R6"},
        "Tags: Image": {"Make": "Canon", "Model": "Canon EOS R6"},
    }
    search.setText("nothing of the kind")
    assert lines(view) == {}
    assert not tree(view).isVisible()
    search.clear()
    assert "Tags: GPS" in lines(view)


def test_lines_can_be_copied(view: ExifView, qtbot: QtBot) -> None:
    view.show_record(make_record())
    select(view, "Camera")
    with qtbot.waitActive(view):
        view.activateWindow()
    tree(view).setFocus()
    QTest.keyClick(tree(view), Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "Camera\tCanon EOS R6"
    view.copy_current_value()
    assert QGuiApplication.clipboard().text() == "Canon EOS R6"


def test_everything_can_be_copied(view: ExifView) -> None:
    view.show_record(make_record())
    button = view.findChildren(CopyButton)[0]
    button.click()
    copied = QGuiApplication.clipboard().text()
    assert "Camera\tCanon EOS R6" in copied
    assert "GPSLatitude\t[45, 48, 471/10]" in copied
    button.set_text("")  # ends the confirmation


def test_hostile_tags_are_text_and_nothing_else(view: ExifView) -> None:
    tag = ExifTag("EXIF UserComment", "<img src=file:///etc/passwd> \u202egpj.exe\x00")
    view.show_record(replace(make_record(), exif=ExifSummary(tags=(tag,))))
    index = select(view, "UserComment").siblingAtColumn(1)
    assert index.data() == "<img src=file:///etc/passwd> ⟨U+202E⟩gpj.exe⟨U+0000⟩"
    assert "<img" not in str(index.data(Qt.ItemDataRole.ToolTipRole))


def test_the_same_photo_with_a_new_distance_keeps_its_place(view: ExifView) -> None:
    tags = tuple(ExifTag(f"EXIF Tag{number}", str(number)) for number in range(300))
    record = replace(make_record(), exif=ExifSummary(tags=tags))
    view.show_record(record, 1.0)
    tree(view).verticalScrollBar().setValue(50)
    view.show_record(record, 2.0)
    assert tree(view).verticalScrollBar().value() == 50


def test_groups_are_made_of_the_tags_first_words() -> None:
    tags = (ExifTag("GPS A", "1"), ExifTag("EXIF B", "2"), ExifTag("GPS C", "3"), ExifTag("Loose", "4"))
    groups = list_groups(replace(make_record(), exif=ExifSummary(tags=tags)), Unavailable.NOT_AVAILABLE)
    assert [(group.title, [row.name for row in group.facts]) for group in groups[2:]] == [
        ("Tags: GPS", ["A", "C"]),
        ("Tags: EXIF", ["B"]),
        ("Tags", ["Loose"]),
    ]


def test_everything_has_a_name(view: ExifView) -> None:
    assert_accessible(view)
    view.show_record(make_record())
    assert_accessible(view)
