"""The HTML report in a real browser, read from disk. Any complaint of its scripts or policy fails the test."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# before Qt is imported: no screen, no graphics card, and no sandbox where the tests run as root
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QTWEBENGINE_CHROMIUM_FLAGS", "--disable-gpu")
if hasattr(os, "geteuid") and os.geteuid() == 0:
    os.environ.setdefault("QTWEBENGINE_DISABLE_SANDBOX", "1")

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QTimer, QUrl
from PySide6.QtGui import QColor, QImage
from PySide6.QtWebEngineCore import (
    QWebEnginePage,
    QWebEngineProfile,
    QWebEngineSettings,
    QWebEngineUrlRequestInfo,
    QWebEngineUrlRequestInterceptor,
)
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QApplication

from geolocdesk.cartography.map_palette import map_palette
from geolocdesk.casefile.exhibit import CaseDetails
from geolocdesk.casefile.opening import create_case
from geolocdesk.colours import LIGHT
from geolocdesk.reporting.html import write_html
from tests.doubles.analyses import make_analysis
from tests.doubles.cases import ticking_clock, varied_case
from tests.end_to_end.conftest import Demo

PATIENCE_MS = 60_000
ATTACK = "</script><script>window.taken=1</script><img src=x onerror=window.taken=1>"


class Watch(QWebEngineUrlRequestInterceptor):
    """Lets the report be read and nothing else, and keeps what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def interceptRequest(self, info: QWebEngineUrlRequestInfo) -> None:  # noqa: N802 - Qt names it
        url = QUrl(info.requestUrl())
        if url.scheme() != "data":
            url.setFragment("")
            self.asked.add(url.toString().removesuffix("#"))
        info.block(url.scheme() not in {"data", "file"})


class ReportPage(QWebEnginePage):
    """A page that keeps what its scripts and its policy complain of."""

    def __init__(self, profile: QWebEngineProfile) -> None:
        super().__init__(profile)
        self.complaints: list[str] = []

    def javaScriptConsoleMessage(  # noqa: N802 - Qt names it
        self, level: QWebEnginePage.JavaScriptConsoleMessageLevel, message: str, line: int, source: str
    ) -> None:
        del level, source
        self.complaints.append(f"{message} (line {line})")


class Browser:
    """Shows one report file."""

    def __init__(self, path: Path, opening: str = "", *, scripts: bool = True) -> None:
        self.profile = QWebEngineProfile()
        self.watch = Watch()
        self.profile.setUrlRequestInterceptor(self.watch)
        self.page = ReportPage(self.profile)
        self.page.settings().setAttribute(QWebEngineSettings.WebAttribute.JavascriptEnabled, scripts)
        self.view = QWebEngineView(self.page)
        self.view.resize(1360, 860)
        self.view.show()
        loaded: list[bool] = []
        self.page.loadFinished.connect(loaded.append)
        address = QUrl.fromLocalFile(str(path))
        address.setFragment(opening)
        self.page.load(address)
        self.wait_until(lambda: bool(loaded), "the report is read")
        assert loaded == [True]

    def close(self) -> None:
        self.view.close()
        self.view.deleteLater()
        self.page.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        self.profile.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def evaluate(self, script: str) -> Any:  # noqa: ANN401 - whatever the script returns
        answers: list[str] = []
        self.page.runJavaScript(f"JSON.stringify(({script}) ?? null)", answers.append)
        self.wait_until(lambda: bool(answers), f"an answer to {script}")
        assert answers[0], f"the page could not evaluate: {script}"
        return json.loads(answers[0])

    def plain_text(self) -> str:
        texts: list[str] = []
        self.page.toPlainText(texts.append)
        self.wait_until(lambda: bool(texts), "the page's text")
        return texts[0]

    def wait_for(self, script: str) -> None:
        self.wait_until(lambda: bool(self.evaluate(script)), script)

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        loop = QEventLoop()
        alarm, poll = QTimer(), QTimer()
        alarm.setSingleShot(True)
        alarm.timeout.connect(loop.quit)
        alarm.start(PATIENCE_MS)
        poll.setInterval(20)
        asking = False

        def look() -> None:
            nonlocal asking
            if asking:  # the condition may run the event loop itself
                return
            asking = True
            if condition():
                loop.quit()
            asking = False

        poll.timeout.connect(look)
        poll.start()
        loop.exec()
        poll.stop()
        alarm.stop()
        assert condition(), f"waited in vain until {what}"

    def go(self, name: str) -> None:
        self.evaluate(f"void (location.hash = {json.dumps(name)})")
        self.wait_for(f"document.querySelector('.page.shown').id === {json.dumps(name)}")

    def wait_for_map(self) -> None:
        """Wait until an overlay and all tiles in view are drawn."""
        self.wait_for("geolocdesk.report.overlay !== null && geolocdesk.inspect.overlay.data !== null")
        self.wait_for("geolocdesk.inspect.baseMaps.layers.every((layer) => !layer.isLoading())")

    def picture(self) -> QImage:
        return self.view.grab().toImage()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    with varied_case(folder / "varied.gldcase") as case:
        write_html(case, folder / "report.html")
    return folder / "report.html"


@pytest.fixture
def browser(qapp: QApplication, report: Path) -> Iterator[Browser]:
    """Show the varied report; fail if it complained or asked for anything but itself."""
    del qapp
    shown = Browser(report)
    yield shown
    complaints, asked = shown.page.complaints, shown.watch.asked
    shown.close()
    assert complaints == []
    assert asked == {QUrl.fromLocalFile(str(report)).toString()}


def markers(browser: Browser) -> int:
    return int(browser.evaluate("geolocdesk.inspect.overlay.markers.size"))


class TestMap:
    def test_opens_on_the_first_answer_with_its_map(self, browser: Browser) -> None:
        browser.wait_for_map()
        assert browser.evaluate("document.querySelector('.page.shown').id") == "exhibit-1"
        assert markers(browser) == 20
        layers = browser.evaluate(
            "Object.fromEntries(Object.entries(geolocdesk.inspect.overlay.groups)"
            ".map(([name, group]) => [name, group.getLayers().length]))"
        )
        assert layers["rings"] == 2 * 5
        assert layers["regions"] == 2 * 2
        assert layers["answers"] == 5 + 1
        assert layers["density"] > 5

    def test_ground_comes_out_of_the_file(self, browser: Browser) -> None:
        browser.wait_for_map()
        browser.evaluate("void geolocdesk.localBridge.fitAsked('world')")
        browser.wait_for_map()
        palette = map_palette(LIGHT)
        browser.wait_until(
            lambda: (
                count_of(browser.picture(), palette.land) > 20_000
                and count_of(browser.picture(), palette.sea) > 20_000
            ),
            "land and sea are painted",
        )

    def test_an_answer_at_the_date_line_is_shown_whole(self, browser: Browser) -> None:
        browser.go("exhibit-2")
        browser.wait_for("geolocdesk.report.overlay?.centre_longitude > 179")
        browser.wait_for_map()
        assert markers(browser) == 20
        outside = browser.evaluate(
            "[...geolocdesk.inspect.overlay.markers.values()]"
            ".filter((marker) => !map_geolocdesk.getBounds().contains(marker.getLatLng())).length"
        )
        assert outside <= 2

    def test_a_failed_exhibit_shows_the_bare_world(self, browser: Browser) -> None:
        browser.wait_for_map()
        browser.go("exhibit-5")
        browser.wait_for("geolocdesk.inspect.overlay.data === null")
        assert markers(browser) == 0
        assert "damaged" in browser.evaluate("document.querySelector('.shown .failure').innerText")

    def test_levels_move_the_view(self, browser: Browser) -> None:
        browser.wait_for_map()
        before = browser.evaluate("map_geolocdesk.getZoom()")
        browser.evaluate("void document.querySelector('.shown .show-level[data-level=city]').click()")
        browser.wait_for(f"map_geolocdesk.getZoom() > {before}")

    def test_neighbours_answer_each_other(self, browser: Browser) -> None:
        browser.wait_for_map()
        card = "document.querySelector('.shown .neighbour-card[data-rank=\"3\"]')"
        browser.evaluate(f"void {card}.querySelector('button').click()")
        assert browser.evaluate("geolocdesk.inspect.overlay.highlighted") == 3
        assert browser.evaluate(f"{card}.classList.contains('chosen')")
        browser.evaluate("void geolocdesk.inspect.overlay.markers.get(5).fire('click')")
        assert browser.evaluate("document.querySelector('.shown .chosen').dataset.rank") == "5"

    def test_what_needs_the_program_is_not_offered(self, browser: Browser) -> None:
        browser.wait_for_map()
        assert browser.evaluate("document.querySelector('#layer-graticule')") is None
        browser.evaluate(
            "void document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'm', bubbles: true }))"
        )
        assert not browser.evaluate("geolocdesk.measuring ?? false")


def count_of(image: QImage, colour: str) -> int:
    """Return how many of a picture's pixels have a colour."""
    wanted = QColor(colour).rgb()
    return (
        sum(
            image.pixel(x, y) == wanted
            for x in range(0, image.width(), 2)
            for y in range(0, image.height(), 2)
        )
        * 4
    )


class TestPages:
    def test_parts_of_the_report(self, browser: Browser) -> None:
        for name in ("overview", "method", "audit", "exhibit-4"):
            browser.go(name)
            assert browser.evaluate(
                f"document.querySelector('a[href=\"#{name}\"]').getAttribute('aria-current')"
            )
            visible = "[...document.querySelectorAll('.page')].filter((page) => page.checkVisibility())"
            assert browser.evaluate(f"{visible}.map((page) => page.id)") == [name]

    def test_list_is_filtered(self, browser: Browser) -> None:
        browser.evaluate(
            "void (() => { const box = document.querySelector('#filter'); box.value = 'CROATIA';"
            " box.dispatchEvent(new Event('input')); })()"
        )
        shown = "[...document.querySelectorAll('.exhibits li')].filter((item) => !item.hidden).length"
        assert browser.evaluate(shown) == 1

    def test_list_pictures_are_the_exhibits(self, browser: Browser) -> None:
        browser.wait_for("document.querySelector('.thumb img')?.naturalWidth > 0")

    def test_everything_goes_on_paper(self, browser: Browser, tmp_path: Path) -> None:
        browser.evaluate("void document.documentElement.classList.add('print-everything')")
        printed: list[bool] = []
        browser.page.pdfPrintingFinished.connect(lambda _path, done: printed.append(done))
        browser.page.printToPdf(str(tmp_path / "report.pdf"))
        browser.wait_until(lambda: bool(printed), "the report is printed")
        assert printed == [True]
        assert (tmp_path / "report.pdf").read_bytes().count(b"/Type /Page\n") >= 10
        browser.wait_for("!document.documentElement.classList.contains('printing')")

    def test_without_scripts_every_text_is_there(self, qapp: QApplication, report: Path) -> None:
        del qapp
        shown = Browser(report, scripts=False)
        text = shown.plain_text()
        complaints = shown.page.complaints
        shown.close()
        assert complaints == []
        for number in range(1, 7):
            assert f"Exhibit {number}: " in text
        assert "How to read the probabilities" in text


class TestHostileTexts:
    def test_nothing_in_a_text_runs(self, qapp: QApplication, tmp_path: Path) -> None:
        del qapp
        path = tmp_path / "hostile #?%20.html"
        with create_case(
            tmp_path / "h.gldcase", CaseDetails(ATTACK), actor=ATTACK, clock=ticking_clock()
        ) as case:
            case.record_analysis(make_analysis(path=Path("/evidence") / ATTACK.replace("/", "∕")))
            case.add_note(ATTACK, 1)
            case.set_tags(1, (ATTACK,))
            write_html(case, path)
        shown = Browser(path)
        shown.wait_for_map()
        taken = shown.evaluate("window.taken")
        foreign = shown.evaluate("document.querySelectorAll('img:not([src^=\"data:\"])').length")
        read = shown.evaluate("document.querySelector('.shown .note p').textContent")
        complaints = shown.page.complaints
        shown.close()
        assert (taken, foreign, read, complaints) == (None, 0, ATTACK, [])

    @pytest.mark.parametrize("attempt", ["eval('window.taken = 1')", "new Function('window.taken = 1')()"])
    def test_the_policy_refuses_text_as_program(self, qapp: QApplication, report: Path, attempt: str) -> None:
        del qapp
        shown = Browser(report)
        refused = shown.evaluate(
            f"(() => {{ try {{ {attempt}; return 'ran'; }} catch (error) {{ return error.name; }} }})()"
        )
        shown.close()
        assert refused == "EvalError"

    def test_the_policy_refuses_a_script_put_in(self, qapp: QApplication, report: Path) -> None:
        del qapp
        shown = Browser(report)
        taken = shown.evaluate(
            "(() => { const made = document.createElement('script'); made.textContent = 'window.taken = 1';"
            " document.body.append(made); return window.taken; })()"
        )
        complaints = shown.page.complaints
        shown.close()
        assert taken is None
        assert any("Content Security Policy" in complaint for complaint in complaints)

    def test_the_policy_lets_nothing_out(self, qapp: QApplication, report: Path) -> None:
        del qapp
        shown = Browser(report)
        shown.evaluate(
            "void (() => { window.outcome = '';"
            " fetch('http://localhost:9/').catch(() => { window.outcome = 'refused'; });"
            " new Image().src = 'http://localhost:9/picture'; })()"
        )
        shown.wait_for("window.outcome === 'refused'")
        asked = shown.watch.asked
        shown.close()
        assert asked == {QUrl.fromLocalFile(str(report)).toString()}


def test_the_demo_writes_the_practice_case_as_a_page(qapp: QApplication, demo: Demo) -> None:
    del qapp
    shown = Browser(demo.output / "map.html")
    shown.wait_for_map()
    complaints = shown.page.complaints
    listed = shown.evaluate("document.querySelectorAll('.exhibits li').length")
    practice = shown.evaluate("document.querySelector('.practice').innerText")
    shown.close()
    assert complaints == []
    assert listed == len(list((demo.world / "query").iterdir()))
    assert "no real place" in practice
