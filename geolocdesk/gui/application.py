"""The application round the window: what must be set before it, started after it, and caught at its edge."""

import faulthandler
import logging
import os
import sys
import threading
import traceback
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from geolocdesk.errors import SettingsError
from geolocdesk.gui.frame import Frame, Starter
from geolocdesk.gui.interpreter import share_interpreter, spare_loaded
from geolocdesk.gui.theme import install_theme
from geolocdesk.paths import UserFolders, user_folders
from geolocdesk.settings import Settings, load_settings

_LOGGER = logging.getLogger(__name__)

CHROMIUM_FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-speech-api",
    "--no-pings",
    "--no-first-run",
    "--dns-prefetch-disable",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication,CertificateTransparencyComponentUpdater",
)
"""The one place where the web engine's switches are set: nothing in it may reach for a network."""

_LOG_BYTES = 1 << 20


def run_window(
    *,
    case: Path | None = None,
    pack: Path | None = None,
    screenshot: Path | None = None,
    arguments: Sequence[str] = (),
) -> int:
    """Open the window and return the exit code when it was closed.

    With ``screenshot`` the window saves a picture of itself once the case, its neighbours and the map are drawn,
    and closes: 0, or 1 where any script failed or any request was refused on the way.
    """
    folders = user_folders()
    application = create_application(arguments)
    share_interpreter()
    hook = ExceptionHook(application)
    hook.install()
    log_to(folders.log_file)
    settings, problem = _settings_or_defaults(folders)
    install_theme(application, settings.scheme, settings.text_scale)
    try:
        return _show_and_run(
            application, settings, folders, problem, case=case, pack=pack, screenshot=screenshot
        )
    finally:
        hook.remove()


def create_application(arguments: Sequence[str] = ()) -> QApplication:
    """Return the application object with everything set that must come before it."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    from geolocdesk.gui.url_scheme import register_scheme

    set_chromium_flags()
    register_scheme()
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    QApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    application = QApplication([sys.argv[0] if sys.argv else "geolocdesk", *arguments])
    application.setApplicationName("geolocdesk")
    application.setApplicationDisplayName("geolocdesk")
    application.setDesktopFileName("geolocdesk")
    application.setQuitOnLastWindowClosed(False)  # the window says when everything has ended
    return application


def set_chromium_flags() -> None:
    """Add our switches to those the environment gives; as root the sandbox cannot start and says so."""
    given = os.environ.get("QTWEBENGINE_CHROMIUM_FLAGS", "").split()
    flags = [*given, *(flag for flag in CHROMIUM_FLAGS if flag not in given)]
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if is_root and "--no-sandbox" not in flags:
        flags.append("--no-sandbox")
        _LOGGER.warning("running as root: the map's drawing process runs without its sandbox")
    os.environ["QTWEBENGINE_CHROMIUM_FLAGS"] = " ".join(
        f'"{flag}"' if " " in flag and not flag.startswith('"') else flag for flag in flags
    )


def log_to(file: Path) -> None:
    """Keep warnings and errors in a file of limited size; without one where it cannot be written."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(file, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8", delay=True)
    except OSError:
        _LOGGER.warning("no log can be kept in %s", file.parent)
        return
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)


class ExceptionHook(QObject):
    """Catches what nobody caught, logs it, and says so in plain words; the program goes on."""

    caught = Signal(str, str)
    """What happened, and the traceback."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._previous = sys.excepthook
        self._previous_in_threads = threading.excepthook
        self._dialog: QDialog | None = None
        self.caught.connect(self._show)

    def install(self) -> None:
        """Catch from now on."""
        if sys.stderr is not None:
            faulthandler.enable()
        sys.excepthook = self._catch
        threading.excepthook = self._catch_in_thread

    def remove(self) -> None:
        """Catch no longer."""
        sys.excepthook = self._previous
        threading.excepthook = self._previous_in_threads

    def _catch(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        _LOGGER.error("unexpected error\n%s", details)
        self.caught.emit(f"{kind.__name__}: {error}", details)

    def _catch_in_thread(self, caught: threading.ExceptHookArgs) -> None:
        if caught.exc_value is not None:
            self._catch(caught.exc_type, caught.exc_value, caught.exc_traceback)

    def _show(self, message: str, details: str) -> None:
        """Show one dialog at a time: an error that repeats must not bury the window."""
        if self._dialog is not None:
            return
        from geolocdesk.gui.text_dialog import ErrorDialog

        self._dialog = ErrorDialog(message, details, QApplication.activeWindow())
        self._dialog.finished.connect(self._forget)
        self._dialog.open()

    def _forget(self) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None


def _settings_or_defaults(folders: UserFolders) -> tuple[Settings, str]:
    """Return the settings, and where they cannot be used the defaults and why; the file is put aside."""
    try:
        return load_settings(folders.settings_file), ""
    except SettingsError as error:
        aside = folders.settings_file.with_name("settings-not-used.toml")
        try:
            folders.settings_file.replace(aside)
            where = f" The default settings are in use; your file is kept as {aside}."
        except OSError:
            where = " The default settings are in use."
        return Settings(), f"{error.message}{where}"


def _show_and_run(
    application: QApplication,
    settings: Settings,
    folders: UserFolders,
    problem: str,
    *,
    case: Path | None,
    pack: Path | None,
    screenshot: Path | None,
) -> int:
    if screenshot is not None:
        return _take_screenshot(application, settings, folders, screenshot, case=case, pack=pack)
    frame = Frame(folders.layout_file)

    def furnish() -> None:
        from geolocdesk.gui.main_window import MainWindow

        window = MainWindow(settings, folders)
        spare_loaded(window)
        frame.furnish(window)
        if problem:
            window.notices.show_passing("warning", problem)
        window.begin(case=case, pack=pack)

    starter = Starter(frame)
    frame.painted.connect(starter.start)
    starter.ready.connect(furnish)
    frame.finished.connect(application.quit)
    frame.show()
    application.exec()
    starter.join()
    _delete(frame)
    return 0


def _take_screenshot(
    application: QApplication,
    settings: Settings,
    folders: UserFolders,
    file: Path,
    *,
    case: Path | None,
    pack: Path | None,
) -> int:
    from geolocdesk.gui.main_window import MainWindow
    from geolocdesk.gui.screenshot import Screenshot

    window = MainWindow(settings, folders)
    window.finished.connect(application.quit)
    shooter = Screenshot(window, file)
    shooter.show_window()
    QTimer.singleShot(0, window, lambda: window.begin(case=case, pack=pack))
    application.exec()
    code = shooter.exit_code
    _delete(window)
    return code


def _delete(window: QWidget) -> None:
    """Delete a window now, while Python is whole: the web engine's page has to go before its profile."""
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
