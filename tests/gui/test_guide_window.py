import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QTextDocument
from pytestqt.qtbot import QtBot

from geolocdesk.gui.guide_window import FIRST_PAGE, GuideWindow, guide_titles, page_name
from geolocdesk.paths import resource
from tests.gui.accessible import assert_accessible


@pytest.fixture
def guide(tmp_path: Path) -> Path:
    (tmp_path / "index.md").write_text("# Guide\n\nFirst [the map](map.md), then [the rest](rest.md#end).\n")
    (tmp_path / "map.md").write_text("# The map\n\nBack to [the guide](index.md).\n")
    (tmp_path / "rest.md").write_text(
        "# The rest\n\n[Outside](https://example.org/) ![pixel](file:///etc/passwd)\n"
    )
    (tmp_path / "about.md").write_text("# About\n")
    return tmp_path


@pytest.fixture
def window(qtbot: QtBot, guide: Path) -> GuideWindow:
    made = GuideWindow(guide)
    qtbot.addWidget(made)
    made.open()
    return made


def test_pages_are_listed_as_the_first_one_links_to_them(window: GuideWindow) -> None:
    listed = [window.contents.item(row).text() for row in range(window.contents.count())]
    assert listed == ["Guide", "The map", "The rest", "About"]
    assert_accessible(window)


def test_links_lead_from_page_to_page_and_back(window: GuideWindow) -> None:
    window.pages.setSource(QUrl("map.md"))
    assert window.pages.toPlainText().startswith("The map")
    assert window.contents.currentItem().text() == "The map"
    window.pages.backward()
    assert window.pages.toPlainText().startswith("Guide")


def test_a_click_in_the_list_turns_the_page(qtbot: QtBot, window: GuideWindow) -> None:
    place = window.contents.visualItemRect(window.contents.item(2)).center()
    qtbot.mouseClick(window.contents.viewport(), Qt.MouseButton.LeftButton, pos=place)  # type: ignore[no-untyped-call]
    assert window.pages.toPlainText().startswith("The rest")


@pytest.mark.parametrize(
    "address", ["https://example.org/map.md", "file:///etc/passwd", "../secret.md", "ftp:x.md"]
)
def test_nothing_outside_the_guide_is_shown(window: GuideWindow, address: str) -> None:
    window.pages.setSource(QUrl(address))
    assert window.pages.toPlainText().startswith("Guide")
    for kind in (QTextDocument.ResourceType.ImageResource, QTextDocument.ResourceType.StyleSheetResource):
        assert window.pages.loadResource(kind.value, QUrl(address)) is None


def test_every_link_of_the_shipped_guide_leads_to_a_page_of_it() -> None:
    folder = resource("guide")
    for page in folder.glob("*.md"):
        for link in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
            assert (folder / page_name(QUrl(link))).is_file(), f"{page.name}: {link}"


def test_every_shipped_page_has_a_title_and_the_guide_begins_with_its_first_page() -> None:
    titles = guide_titles(resource("guide"))
    assert titles[0] == (FIRST_PAGE, "User guide")
    assert all(title and not title.endswith(".md") for _name, title in titles)
    assert {"window.md", "reading-an-answer.md"} <= {name for name, _title in titles}
