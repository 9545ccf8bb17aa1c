"""The map: a web view of our own page, fed with GeoJSON, that can reach nothing but us."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import shiboken6
from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, QUrl, Signal
from PySide6.QtGui import QColor
from PySide6.QtWebChannel import QWebChannel
from PySide6.QtWebEngineCore import QWebEnginePage, QWebEngineProfile
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QStackedLayout, QWidget

from geolocdesk.cartography.frame import Bounds, Frame
from geolocdesk.cartography.graticule import View, graticule
from geolocdesk.cartography.map_palette import map_palette
from geolocdesk.cartography.measurement import measure
from geolocdesk.cartography.site import ORIGIN, PAGE_PATH, MapSite
from geolocdesk.cartography.tile_set import TileSetInfo
from geolocdesk.cartography.tiles import open_tiles
from geolocdesk.colours import DARK, LIGHT
from geolocdesk.errors import MapError
from geolocdesk.gui.map_bridge import MapBridge
from geolocdesk.gui.map_scheme import AddressGuard, SiteHandler, channel_script, private_profile
from geolocdesk.gui.placeholder import Placeholder
from geolocdesk.gui.theme import active_palette, application

_LOGGER = logging.getLogger(__name__)

Message = dict[str, Any]


class ShownOverlay(Protocol):
    """What the map needs of an overlay: an ``Overlay``, or one that was written out in another process."""

    @property
    def frame(self) -> Frame:
        """Return the strip of longitudes it is drawn in."""

    @property
    def bounds(self) -> Mapping[str, Bounds]:
        """Return the boxes to fit the view to."""

    @property
    def json_text(self) -> str:
        """Return the whole overlay as JSON."""


class MapView(QWidget):
    """Shows one analysis on the map. Calls made before the page is ready are kept and done then."""

    ready = Signal()
    """The page is drawn and takes messages."""
    failed = Signal(str)
    """The page could not be made or died: a sentence; the view shows it with a way to try again."""
    neighbour_clicked = Signal(int)
    """The rank of the marker that was clicked."""
    pointer_moved = Signal(float, float)
    """Latitude and longitude under the pointer."""
    measured = Signal(str)
    """The length measured so far; empty when measuring ends."""
    measuring_changed = Signal(bool)
    """Measuring began or ended, whoever asked for it."""
    overlay_drawn = Signal(float)
    """Milliseconds from receiving an overlay to its being on the screen."""
    tiles_drawn = Signal()
    """Every tile in view is drawn; comes again after each move."""
    tiles_failed = Signal(str)
    """A tile of the user's own map could not be read: a sentence, once a file."""
    javascript_error = Signal(str)
    """An error in the page's scripts: our bug."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Map")
        self._dark = active_palette().is_dark
        self._is_ready = False
        self._pending: list[Message] = []
        self._overlay: ShownOverlay | None = None
        self._tiles_reported: set[str] = set()
        self._site = MapSite()
        self._guard = AddressGuard(self)
        self._state = Placeholder()
        self._state.action_triggered.connect(self.reload)
        self._view = _BareView()
        self.setFocusProxy(self._view)
        self._layers = QStackedLayout(self)
        # the page is laid out and drawn at its true size behind the state that covers it
        self._layers.setStackingMode(QStackedLayout.StackingMode.StackAll)
        self._layers.addWidget(self._view)
        self._layers.addWidget(self._state)
        self._bridge = self._connected_bridge()
        self._handler = SiteHandler(self._site, self)
        self._handler.tile_failed.connect(self._report_tiles)
        # made after the view, so that the view and its page go before the profile they live in
        self._profile = private_profile(self._handler, self._guard, self)
        self._page = self._new_page(self._profile)
        self._warm_up: _WarmUp | None = None
        self.destroyed.connect(self._site.close)
        application().aboutToQuit.connect(self._let_go)
        self.reload()

    # What the program asks of the map

    def show_overlay(self, overlay: ShownOverlay, *, fit: bool = True) -> None:
        """Show an analysis in place of the last one; ``fit`` moves the view to its answer."""
        self._overlay = overlay
        bounds = list(overlay.bounds["answer"]) if fit else None
        self._send({"kind": "overlay", "overlay": _Written(overlay.json_text), "fit": bounds})

    def clear(self) -> None:
        """Show no analysis."""
        self._overlay = None
        self._send({"kind": "clear"})

    def highlight_neighbour(self, rank: int | None) -> None:
        """Make one neighbour's marker stand out, with its line to the answer; None for none."""
        self._send({"kind": "neighbour", "rank": rank})

    def highlight_level(self, name: str | None) -> None:
        """Make one level's ring stand out; None for none."""
        self._send({"kind": "level", "level": name})

    def fit_to_answer(self) -> None:
        """Move the view to the answer."""
        self._fit("answer")

    def fit_to_everything(self) -> None:
        """Move the view so that all neighbours and regions show."""
        self._fit("everything")

    def fit_to_world(self) -> None:
        """Move the view back to the whole world."""
        self._fit("world")

    def fit_to_level(self, name: str) -> None:
        """Move the view to a level's ring."""
        self._fit(name)

    def set_layer_visible(self, name: str, shown: bool) -> None:
        """Show or hide ``density``, ``regions``, ``rings``, ``neighbours``, ``exif``, ``labels`` or ``graticule``."""
        self._send({"kind": "visible", "layer": name, "shown": shown})

    def add_tiles(self, path: Path) -> TileSetInfo:
        """Add an MBTiles or PMTiles file as a base map and show it. Raises MapError, naming the file."""
        tile_set = open_tiles(path)
        name = self._site.add_tiles(tile_set)
        info = tile_set.info
        source = {
            "source": name,
            "name": info.name,
            "attribution": info.attribution,
            "isVector": info.is_vector,
            "minZoom": info.min_zoom,
            "maxZoom": info.max_zoom,
            "bounds": None if info.bounds is None else list(info.bounds),
            "vectorLayers": list(info.vector_layers),
        }
        self._send({"kind": "tiles", "source": source})
        return info

    def set_theme(self, dark: bool) -> None:
        """Change to the dark or the light colours."""
        if dark == self._dark:
            return
        self._dark = dark
        self._page.setBackgroundColor(self._background())
        self._send({"kind": "theme", "theme": self._theme_name()})

    def measure(self, on: bool) -> None:
        """Begin or end measuring a distance by clicks."""
        self._send({"kind": "measure", "on": on})

    @property
    def is_ready(self) -> bool:
        """Return whether the page is drawn and takes messages."""
        return self._is_ready

    @property
    def refused_requests(self) -> int:
        """Return how many requests for other addresses were refused: 0, unless something is wrong."""
        return self._guard.refused_requests

    @property
    def page(self) -> QWebEnginePage:
        """Return the page, for tests that read it back."""
        return self._page

    @property
    def web_view(self) -> QWebEngineView:
        """Return the web view inside, for tests that click in it."""
        return self._view

    def state_text(self) -> str:
        """Return what covers the map, such as why it can't be shown; ``""`` where nothing does."""
        return "" if self._is_ready else self._state.text()

    def reload(self) -> None:
        """Build the page again, as after a failure."""
        self._is_ready = False
        self._state.show_busy("Drawing the map", "")
        self._show_state()
        self._warm_up = _WarmUp(self._site)
        self._warm_up.signals.done.connect(self._load)
        self._warm_up.signals.failed.connect(self._fail)
        QThreadPool.globalInstance().start(self._warm_up)

    # What the page says

    def _connected_bridge(self) -> MapBridge:
        bridge = MapBridge(self)
        bridge.page_ready.connect(self._become_ready)
        bridge.overlay_drawn.connect(self.overlay_drawn)
        bridge.tiles_drawn.connect(self.tiles_drawn)
        bridge.neighbour_clicked.connect(self.neighbour_clicked)
        bridge.pointer_moved.connect(self.pointer_moved)
        bridge.fit_asked.connect(self._fit)
        bridge.view_changed.connect(self._draw_graticule)
        bridge.measured.connect(self._show_measurement)
        bridge.measure_toggled.connect(self._follow_measuring)
        bridge.script_failed.connect(self._report_script)
        return bridge

    def _become_ready(self) -> None:
        self._is_ready = True
        pending, self._pending = self._pending, []
        for message in pending:
            self._send(message)
        self._state.hide()
        self._layers.setCurrentWidget(self._view)
        surface = self._view.focusProxy()
        if surface is not None:  # it takes the keyboard, and a screen reader names what has the keyboard
            surface.setAccessibleName(self.accessibleName())
        self.ready.emit()

    def _fit(self, name: str) -> None:
        if name == "world":
            centre = 0.0 if self._overlay is None else self._overlay.frame.centre_longitude
            self._send({"kind": "fit", "bounds": [centre - 180.0, -62.0, centre + 180.0, 80.0]})
        elif self._overlay is not None and name in self._overlay.bounds:
            self._send({"kind": "fit", "bounds": list(self._overlay.bounds[name])})

    def _draw_graticule(self, view: View) -> None:
        self._send({"kind": "graticule", "data": graticule(view)})

    def _show_measurement(self, clicked: list[tuple[float, float]]) -> None:
        measurement = measure(clicked)
        if measurement is None:
            self._send({"kind": "measurement", "data": None})
            return
        self._send({"kind": "measurement", "data": measurement.to_json()})
        self.measured.emit(measurement.text)

    def _follow_measuring(self, on: bool) -> None:
        if not on:
            self.measured.emit("")
        self.measuring_changed.emit(on)

    def _report_script(self, message: str) -> None:
        _LOGGER.error("the map page: %s", message)
        self.javascript_error.emit(message)

    def _report_tiles(self, message: str) -> None:
        if message not in self._tiles_reported:
            self._tiles_reported.add(message)
            self.tiles_failed.emit(message)

    # The page itself

    def _new_page(self, profile: QWebEngineProfile) -> "_MapPage":
        page = _MapPage(profile, self._view)
        page.setBackgroundColor(self._background())
        page.console_error.connect(self._report_script)
        page.renderProcessTerminated.connect(
            lambda *_: self._fail("The map's drawing process ended unexpectedly.")
        )
        channel = QWebChannel(page)
        channel.registerObject("bridge", self._bridge)
        page.setWebChannel(channel)
        self._view.setPage(page)
        return page

    def _load(self) -> None:
        self._site.add_file("/qwebchannel.js", channel_script())
        self._page.load(QUrl(f"{ORIGIN}{PAGE_PATH}?theme={self._theme_name()}"))

    def _fail(self, message: str) -> None:
        self._is_ready = False
        self._state.show_message(
            "error", "The map can't be shown", message, tint="danger", action="Try again"
        )
        self._show_state()
        self.failed.emit(message)

    def _show_state(self) -> None:
        self._state.show()
        self._layers.setCurrentWidget(self._state)

    def _let_go(self) -> None:
        """End the page before its profile, which Qt asks for and Python's order at exit does not promise."""
        self._is_ready = False
        if shiboken6.isValid(self._page):
            shiboken6.delete(self._page)

    def _send(self, message: Message) -> None:
        if not self._is_ready:
            self._pending = _without_superseded(self._pending, message)
            return
        entries = ",".join(f"{json.dumps(name)}:{_json_text(value)}" for name, value in message.items())
        self._page.runJavaScript(f"geolocdesk.receive({{{entries}}})")

    def _theme_name(self) -> str:
        return "dark" if self._dark else "light"

    def _background(self) -> QColor:
        return QColor(map_palette(DARK if self._dark else LIGHT).sea)


class _Written(str):
    """JSON that is written already."""

    __slots__ = ()


def _json_text(value: object) -> str:
    if isinstance(value, _Written):
        return value
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def _without_superseded(pending: list[Message], message: Message) -> list[Message]:
    """Return the messages to keep: of those that replace each other, the last one."""
    if message["kind"] in {"visible", "tiles"}:
        return [*pending, message]
    superseded = {"overlay", "clear", "fit"} if message["kind"] in {"overlay", "clear"} else {message["kind"]}
    return [*(kept for kept in pending if kept["kind"] not in superseded), message]


class _BareView(QWebEngineView):
    """A web view without a context menu that would offer to reload or to view the source."""

    def __init__(self) -> None:
        super().__init__()
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setAcceptDrops(False)


class _MapPage(QWebEnginePage):
    """A page that goes nowhere else, opens no windows and reports what its scripts complain of."""

    console_error = Signal(str)

    def acceptNavigationRequest(
        self, url: QUrl | str, kind: QWebEnginePage.NavigationType, is_main_frame: bool
    ) -> bool:
        """Let the map page load, and nothing else."""
        del kind
        return is_main_frame and QUrl(url).toString().startswith(f"{ORIGIN}{PAGE_PATH}")

    def javaScriptConsoleMessage(
        self, level: QWebEnginePage.JavaScriptConsoleMessageLevel, message: str, line: int, source: str
    ) -> None:
        """Report errors."""
        if level == QWebEnginePage.JavaScriptConsoleMessageLevel.ErrorMessageLevel:
            self.console_error.emit(f"{message} ({source}:{line})")
        else:
            _LOGGER.debug("the map page: %s (%s:%d)", message, source, line)


class _WarmUpSignals(QObject):
    done = Signal()
    failed = Signal(str)


class _WarmUp(QRunnable):
    """Builds the page and opens the tables on another thread, while the web engine's processes start."""

    def __init__(self, site: MapSite) -> None:
        super().__init__()
        self.setAutoDelete(False)
        self._site = site
        self.signals = _WarmUpSignals()

    def run(self) -> None:
        """Do it."""
        try:
            self._site.warm_up()
        except (OSError, ImportError, MapError) as error:
            self.signals.failed.emit(f"{error} Install the program again.")
        else:
            self.signals.done.emit()
