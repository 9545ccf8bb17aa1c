"""The pages of the PDF: size, margins, running header and footer, page numbers, bookmarks, metadata."""

from collections.abc import Iterable
from typing import Any, BinaryIO

from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate

from geolocdesk.colours import LIGHT
from geolocdesk.reporting.pdf_type import MEDIUM, REGULAR, SEMIBOLD, register_fonts

rl_config.useA85 = 0
"""Bytes are stored as they are; reportlab's text-only encoding makes files a quarter larger. Set once and for
all, not for a while, so that two reports written at the same time do not change each other's bytes."""

PAGE_WIDTH, PAGE_HEIGHT = A4
MARGIN = 17.0 * mm
TOP, BOTTOM = 22.0 * mm, 19.0 * mm
TEXT_WIDTH = PAGE_WIDTH - 2.0 * MARGIN

_TOTAL = "number-of-pages"
_SIZE = 7.0


class Bookmark(Flowable):
    """An entry of the PDF's outline that leads here."""

    width = height = 0.0

    def __init__(self, key: str, title: str, level: int = 0) -> None:
        super().__init__()
        self._key, self._title, self._level = key, title, level

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        """Take no room."""
        return 0.0, 0.0

    def draw(self) -> None:
        """Add the entry."""
        self.canv.bookmarkHorizontal(self._key, 0, 14)
        self.canv.addOutlineEntry(self._title, self._key, level=self._level, closed=self._level > 0)


class ReportDocument(BaseDocTemplate):
    """A document that is laid out piece by piece, so that its text never lies in memory all at once."""

    def __init__(
        self,
        stream: BinaryIO,
        *,
        title: str,
        author: str,
        subject: str,
        running_title: str,
        state: str,
        as_of: str,
        identity: str,
        practice: str,
    ) -> None:
        """Begin a document.

        ``as_of`` is its date (ISO 8601, UTC), ``identity`` 32 hexadecimal digits that tell it from other
        documents, ``practice`` a warning for every page or empty.
        """
        super().__init__(
            stream,
            pagesize=A4,
            title=title,
            author=author,
            subject=subject,
            creator="geolocdesk",
            producer="geolocdesk with ReportLab",
            keywords=["investigative lead", "photo geolocation"],
            lang="en-GB",
            invariant=1,
            initialFontName=REGULAR,
            pageCompression=1,
        )
        self._running_title, self._state, self._practice = running_title, state, practice
        self._identity = f"\n[<{identity}><{identity}>]\n".encode("ascii")
        self._date = f"D:{''.join(filter(str.isdigit, as_of))[:14]}Z"
        frame = Frame(
            MARGIN,
            BOTTOM,
            TEXT_WIDTH,
            PAGE_HEIGHT - TOP - BOTTOM,
            leftPadding=0,
            rightPadding=0,
            topPadding=0,
            bottomPadding=0,
        )
        self.addPageTemplates(PageTemplate("page", [frame], onPage=self._furnish))

    def build_pieces(self, pieces: Iterable[list[Flowable]]) -> None:
        """Lay out each piece as it comes, then end the document."""
        register_fonts()
        self._startBuild()  # type: ignore[attr-defined]  # what build() calls before its one long list
        canvas: Any = self.canv
        canvas._doctemplate = self  # noqa: SLF001 - blocks that stay together look for the next page here
        canvas._doc._ID = self._identity  # noqa: SLF001 - reportlab's own depends on the environment
        canvas.setDateFormatter(lambda *_now: self._date)
        for piece in pieces:
            while piece:
                self.clean_hanging()
                self.handle_flowable(piece)
        self._define_total(self.page)
        self._endBuild()  # type: ignore[attr-defined]

    def _furnish(self, canvas: Any, _document: "ReportDocument") -> None:  # noqa: ANN401 - reportlab
        canvas.saveState()
        right, top = PAGE_WIDTH - MARGIN, PAGE_HEIGHT - 12.5 * mm
        if self._practice:
            canvas.setFillColor(HexColor(LIGHT.warning_fill))
            canvas.rect(0, PAGE_HEIGHT - 7.2 * mm, PAGE_WIDTH, 7.2 * mm, stroke=0, fill=1)
            canvas.setFillColor(HexColor(LIGHT.warning))
            canvas.setFont(SEMIBOLD, _SIZE)
            canvas.drawCentredString(PAGE_WIDTH / 2.0, PAGE_HEIGHT - 4.6 * mm, self._practice)
        canvas.setFillColor(HexColor(LIGHT.text_muted))
        canvas.setFont(MEDIUM, _SIZE)
        canvas.drawString(MARGIN, top, self._running_title)
        canvas.drawRightString(right, top, "Investigative lead, no proof of location")
        canvas.setStrokeColor(HexColor(LIGHT.border))
        canvas.setLineWidth(0.6)
        canvas.line(MARGIN, top - 5.0, right, top - 5.0)
        bottom = 10.5 * mm
        canvas.line(MARGIN, bottom + 9.5, right, bottom + 9.5)
        canvas.setFont(REGULAR, _SIZE)
        canvas.drawString(MARGIN, bottom, self._state)
        canvas.drawRightString(right - 16.0, bottom, f"Page {canvas.getPageNumber()} of")
        canvas.translate(right - 14.0, bottom)
        canvas.doForm(_TOTAL)
        canvas.restoreState()

    def _define_total(self, pages: int) -> None:
        """Draw the number of pages, which every page shows but only the end knows."""
        canvas = self.canv
        canvas.saveState()
        canvas.beginForm(_TOTAL, 0, -3, 40, 12)
        canvas.setFillColor(HexColor(LIGHT.text_muted))
        canvas.setFont(REGULAR, _SIZE)
        canvas.drawString(0, 0, str(pages))
        canvas.endForm()
        canvas.restoreState()
