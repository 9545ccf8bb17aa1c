import logging
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QPlainTextEdit
from pytestqt.qtbot import QtBot

from geolocdesk.gui import application
from geolocdesk.gui.application import CHROMIUM_FLAGS, ExceptionHook, log_to, set_chromium_flags
from geolocdesk.gui.text_dialog import ErrorDialog
from geolocdesk.paths import user_folders
from geolocdesk.settings import Settings


@pytest.fixture
def hook() -> Iterator[ExceptionHook]:
    parent = QObject()
    made = ExceptionHook(parent)
    made.install()
    yield made
    made.remove()


def dialogs() -> list[ErrorDialog]:
    return [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, ErrorDialog)]


def raise_unexpected() -> None:
    message = "the moon is in the wrong place"
    raise LookupError(message)


def test_an_unexpected_error_is_logged_and_said_once(
    qtbot: QtBot, hook: ExceptionHook, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        try:
            raise_unexpected()
        except LookupError as error:
            sys.excepthook(type(error), error, error.__traceback__)
    shown = [dialog for dialog in dialogs() if dialog.isVisible()]
    assert len(shown) == 1
    details = shown[0].findChild(QPlainTextEdit)
    assert isinstance(details, QPlainTextEdit)
    assert "raise_unexpected" in details.toPlainText()
    assert "the moon is in the wrong place" in caplog.text
    shown[0].accept()
    qtbot.waitUntil(lambda: not [dialog for dialog in dialogs() if dialog.isVisible()])


def test_an_error_in_a_thread_is_said_in_the_window(qtbot: QtBot, hook: ExceptionHook) -> None:
    with qtbot.waitSignal(hook.caught):
        thread = threading.Thread(target=raise_unexpected)
        thread.start()
        thread.join()
    qtbot.waitUntil(lambda: any(dialog.isVisible() for dialog in dialogs()))
    for dialog in dialogs():
        dialog.accept()


def test_the_web_engine_is_told_to_stay_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QTWEBENGINE_CHROMIUM_FLAGS", "--disable-gpu --no-pings")
    set_chromium_flags()
    flags = os.environ["QTWEBENGINE_CHROMIUM_FLAGS"]
    assert flags.startswith("--disable-gpu --no-pings")
    assert flags.count("--no-pings") == 1
    assert all(flag in flags for flag in CHROMIUM_FLAGS)


def test_settings_that_cannot_be_used_are_put_aside_and_named() -> None:
    folders = user_folders()
    folders.config.mkdir(parents=True)
    folders.settings_file.write_text("schema = 1\nunheard_of = 3\n")
    settings, problem = application._settings_or_defaults(folders)
    assert settings == Settings()
    assert "unheard_of" in problem
    kept = folders.config / "settings-not-used.toml"
    assert "unheard_of" in kept.read_text()
    assert str(kept) in problem
    assert application._settings_or_defaults(folders) == (Settings(), "")


def test_the_log_is_a_file_of_warnings(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = list(root.handlers)
    log_to(tmp_path / "logs" / "geolocdesk.log")
    try:
        logging.getLogger("geolocdesk.test").warning("look out")
        logging.getLogger("geolocdesk.test").info("all is well")
    finally:
        for handler in [handler for handler in root.handlers if handler not in before]:
            root.removeHandler(handler)
            handler.close()
    text = (tmp_path / "logs" / "geolocdesk.log").read_text()
    assert "look out" in text
    assert "all is well" not in text


def test_a_log_that_cannot_be_kept_does_not_stop_the_program(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    before = list(logging.getLogger().handlers)
    log_to(tmp_path / "file" / "logs" / "geolocdesk.log")
    assert logging.getLogger().handlers == before
