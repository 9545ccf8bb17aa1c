"""Fixtures of the window's tests: offscreen, in a home of their own, and leaving nothing behind."""

import gc
import multiprocessing
import os
import threading
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QThreadPool, QTimer
from PySide6.QtWidgets import QApplication

from geolocdesk.engine import engine
from geolocdesk.gui.theme import install_theme
from geolocdesk.paths import HOME_VARIABLE


@pytest.fixture(scope="session", autouse=True)
def quick_engines() -> Iterator[None]:
    """Start the engines' processes from one that has imported everything, where the system can do that."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        yield
        return
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(
        ["tests.doubles.fake_analyser", "geolocdesk.gui.analysis_view", "geolocdesk.engine.child"]
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "PROCESSES", processes)
        yield
    forkserver._forkserver._stop()  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep settings, cases and caches of a test away from the user's."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv(HOME_VARIABLE, str(home))
    return home


@pytest.fixture(autouse=True)
def themed(qapp: QApplication) -> None:
    """Give every test the light scheme, whatever the system or the test before it chose."""
    install_theme(qapp, "light")


@pytest.fixture(autouse=True)
def nothing_is_left_behind(qapp: QApplication) -> Iterator[None]:
    """Fail a test that leaves a thread, a child process, a running timer or a visible window behind."""
    threads_before = set(threading.enumerate())
    yield
    gc.collect()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert QThreadPool.globalInstance().waitForDone(10_000)
    assert multiprocessing.active_children() == [], "a child process is left"
    assert set(threading.enumerate()) <= threads_before, "a thread is left"
    assert [widget for widget in qapp.topLevelWidgets() if widget.isVisible()] == [], "a window is left"
    assert _running_timers(qapp) == [], "a timer is left"


def _running_timers(root: QObject) -> list[QTimer]:
    owned = root.findChildren(QTimer)
    return [timer for timer in owned if timer.isActive()]
