"""A report as KML 2.2, and as KMZ with the photos; nothing in either asks the network for anything."""

import html
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any
from xml.sax.saxutils import XMLGenerator

from geolocdesk.cartography.frame import GeoJson
from geolocdesk.casefile.reader import CaseReader
from geolocdesk.colours import LIGHT
from geolocdesk.estimation.location import LEVELS
from geolocdesk.progress import ProgressCallback, ignore_progress
from geolocdesk.reporting.archive import archive_entry, open_archive
from geolocdesk.reporting.map_features import exhibit_features
from geolocdesk.reporting.report import EVERYTHING, ExhibitReport, Report, ReportContents
from geolocdesk.whole_file import whole_file

_KML = "http://www.opengis.net/kml/2.2"

_NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})

_HIDDEN = frozenset({"neighbour"})
"""Kinds that a viewer shows only when asked to: there are many."""


def write_kml(
    case: CaseReader,
    path: Path,
    *,
    contents: ReportContents = EVERYTHING,
    progress: ProgressCallback = ignore_progress,
) -> None:
    """Write the report's places to ``path``. Raises OutputError; progress may raise Cancelled."""
    with whole_file(path) as partial, partial.open("wb") as stream:
        _KmlWriter(stream).write(Report(case, contents), progress)


def write_kmz(
    case: CaseReader,
    path: Path,
    *,
    contents: ReportContents = EVERYTHING,
    progress: ProgressCallback = ignore_progress,
) -> None:
    """Write the report's places and photos to ``path``. Raises OutputError; progress may raise Cancelled."""
    report = Report(case, contents)
    with whole_file(path) as partial, open_archive(partial) as archive:
        with archive.open(archive_entry("doc.kml"), "w", force_zip64=True) as stream:
            writer = _KmlWriter(stream, with_photos=True)
            writer.write(report, progress)
        for number in writer.shown_photos:
            photo = case.thumbnail(number)
            if photo is not None:
                archive.writestr(archive_entry(_photo_name(number)), photo, zipfile.ZIP_STORED)


def _photo_name(number: int) -> str:
    return f"photos/exhibit-{number}.jpg"


class _KmlWriter:
    """Writes one document as it goes, so that many exhibits do not fill the memory."""

    def __init__(self, stream: IO[bytes], *, with_photos: bool = False) -> None:
        self._xml = XMLGenerator(stream, "utf-8", short_empty_elements=True)
        self._with_photos = with_photos
        self.shown_photos: list[int] = []
        """Numbers of the exhibits whose photos the document shows."""

    def write(self, report: Report, progress: ProgressCallback) -> None:
        xml = self._xml
        xml.startDocument()
        with self._element("kml", {"xmlns": _KML}), self._element("Document"):
            self._text("name", _harmless(report.title))
            self._text("description", _as_html(_case_text(report)))
            for style, colour, is_filled in _styles():
                self._style(style, colour, is_filled=is_filled)
            for exhibit in report.exhibits(progress):
                self._folder(exhibit)
        xml.endDocument()

    def _folder(self, exhibit: ExhibitReport) -> None:
        with self._element("Folder"):
            self._text("name", _harmless(exhibit.title))
            self._text("description", self._folder_text(exhibit))
            for place in exhibit_features(exhibit):
                if place["geometry"] is not None:
                    self._placemark(place)

    def _folder_text(self, exhibit: ExhibitReport) -> str:
        lines = [exhibit.failure or exhibit.state]
        if exhibit.answer is not None:
            answer = exhibit.answer
            lines = [answer.place, answer.assessment, answer.claim, answer.basis]
        text = "<br/>".join(map(_as_html, lines))
        if self._with_photos and exhibit.photo is not None:
            number = exhibit.exhibit.number
            self.shown_photos.append(number)
            return f'<img src="{_photo_name(number)}" width="320"/><br/>{text}'
        return text

    def _placemark(self, place: GeoJson) -> None:
        values = place["properties"]
        with self._element("Placemark"):
            self._text("name", _harmless(values["title"]))
            self._text("visibility", "0" if values["kind"] in _HIDDEN else "1")
            self._text("description", _as_html(values["text"]))
            self._text("styleUrl", f"#{_style_of(values)}")
            with self._element("ExtendedData"):
                for name, value in values.items():
                    if name not in ("title", "text"):
                        with self._element("Data", {"name": name}):
                            self._text("value", str(value))
            self._geometry(place["geometry"])

    def _geometry(self, geometry: GeoJson) -> None:
        if geometry["type"] == "Point":
            with self._element("Point"):
                self._text("coordinates", _tuple(geometry["coordinates"]))
            return
        with self._element("MultiGeometry"):
            for rings in geometry["coordinates"]:
                self._polygon(rings)

    def _polygon(self, rings: Sequence[Sequence[Sequence[float]]]) -> None:
        with self._element("Polygon"):
            self._text("tessellate", "1")
            for index, ring in enumerate(rings):
                with (
                    self._element("innerBoundaryIs" if index else "outerBoundaryIs"),
                    self._element("LinearRing"),
                ):
                    self._text("coordinates", " ".join(map(_tuple, ring)))

    def _style(self, name: str, colour: str, *, is_filled: bool) -> None:
        with self._element("Style", {"id": name}):
            with self._element("IconStyle"):
                self._text("color", _kml_colour(colour, 0xFF))
            with self._element("LineStyle"):
                self._text("color", _kml_colour(colour, 0xFF))
                self._text("width", "2")
            with self._element("PolyStyle"):
                self._text("color", _kml_colour(colour, 0x40))
                self._text("fill", "1" if is_filled else "0")

    def _element(self, name: str, attributes: Mapping[str, str] = _NO_ATTRIBUTES) -> "_Element":
        return _Element(self._xml, name, dict(attributes))

    def _text(self, name: str, text: str) -> None:
        with self._element(name):
            self._xml.characters(text)


class _Element:
    """Opens an element and closes it."""

    def __init__(self, xml: Any, name: str, attributes: dict[str, str]) -> None:  # noqa: ANN401 - untyped in typeshed
        self._xml, self._name, self._attributes = xml, name, attributes

    def __enter__(self) -> None:
        self._xml.startElement(self._name, self._attributes)

    def __exit__(self, *_error: object) -> None:
        self._xml.endElement(self._name)
        self._xml.ignorableWhitespace("\n")


def _styles() -> Iterator[tuple[str, str, bool]]:
    yield "answer", LIGHT.query, False
    yield "exif", LIGHT.exif, False
    yield "neighbour", LIGHT.neighbour, False
    yield "region", LIGHT.density[2], True
    for index, level in enumerate(LEVELS):
        yield f"level-{level.name}", LIGHT.level(index), False


def _style_of(values: GeoJson) -> str:
    return f"level-{values['level']}" if values["kind"] == "level" else str(values["kind"])


def _case_text(report: Report) -> str:
    return "; ".join(f"{fact.name} {fact.value}".strip() for fact in report.case_facts())


def _as_html(text: str) -> str:
    """Return a text for a description, which viewers read as HTML."""
    return html.escape(text, quote=False)


def _harmless(text: str) -> str:
    """Return a name without the brackets that viewers would take for HTML."""
    return text.replace("<", "‹").replace(">", "›")


def _tuple(coordinates: Sequence[float]) -> str:
    return f"{coordinates[0]!r},{coordinates[1]!r}"


def _kml_colour(colour: str, opacity: int) -> str:
    """Return ``#rrggbb`` as KML writes it: opacity, blue, green, red."""
    return f"{opacity:02x}{colour[5:7]}{colour[3:5]}{colour[1:3]}"
