"""The real web view, offscreen. Any error in the page's scripts and any refused request fails the test."""

import os
from collections.abc import Iterator

import pytest

# before Qt is imported: no screen, no graphics card, and no sandbox where the tests run as root
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QTWEBENGINE_CHROMIUM_FLAGS", "--disable-gpu")
if hasattr(os, "geteuid") and os.geteuid() == 0:
    os.environ.setdefault("QTWEBENGINE_DISABLE_SANDBOX", "1")

from PySide6.QtWidgets import QApplication

from geolocdesk.gui.url_scheme import register_scheme

# Qt allows no later time than before the application object
register_scheme()

from tests.web.reader import Reader, close_reader, open_reader  # noqa: E402


@pytest.fixture(scope="module")
def shared_reader(qapp: QApplication) -> Iterator[Reader]:
    """Return the one map that a module's tests share; use ``reader``, which leaves it clean.

    It ends with the last of them: tests of other folders look whether a window is left.
    """
    reader = open_reader(qapp)
    yield reader
    close_reader(reader)


@pytest.fixture
def reader(shared_reader: Reader) -> Iterator[Reader]:
    """Return a map without an analysis, and fail the test if anything went wrong in the page."""
    shared_reader.complaints.clear()
    refused = shared_reader.view.refused_requests
    shared_reader.view.clear()
    shared_reader.view.fit_to_world()
    yield shared_reader
    shared_reader.evaluate("1")
    assert shared_reader.complaints == []
    assert shared_reader.view.refused_requests == refused == 0


@pytest.fixture
def fresh_reader(qapp: QApplication) -> Iterator[Reader]:
    """Return a map of the test's own, for tests that change or break it."""
    reader = open_reader(qapp)
    yield reader
    close_reader(reader)
