"""The pages of one exhibit."""

from collections.abc import Iterator

from reportlab.lib.colors import HexColor
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, PageBreak, Spacer

from geolocdesk.cartography.printed_ground import ATTRIBUTION
from geolocdesk.cartography.static_map import NUMBERED_NEIGHBOURS, StaticMap, draw_maps
from geolocdesk.colours import LIGHT
from geolocdesk.estimation.location import LEVELS
from geolocdesk.quantities import count_text, share_text
from geolocdesk.reporting.answer import AnswerReport, NeighbourLine
from geolocdesk.reporting.facts import Fact
from geolocdesk.reporting.pdf_page import TEXT_WIDTH, Bookmark
from geolocdesk.reporting.pdf_picture import Photo, Picture
from geolocdesk.reporting.pdf_table import fact_table, grid, panel, paragraph, side_by_side
from geolocdesk.reporting.pdf_type import CODE, styles
from geolocdesk.reporting.report import WHAT_IS_SYNTHETIC, ExhibitReport, NoteLine, ReportContents

_GAP = 10.0
_HALF = (TEXT_WIDTH - _GAP) / 2.0
_PHOTO_HEIGHT = 178.0
_MAP_HEIGHT = 212.0
_COLUMNS = 4
_CELL = TEXT_WIDTH / _COLUMNS
_THUMBNAIL_HEIGHT = 78.0


def exhibit_flowables(report: ExhibitReport, contents: ReportContents) -> list[Flowable]:
    """Return everything about an exhibit, beginning on a page of its own."""
    return [PageBreak(), *_head(report), *_body(report, contents)]


def _head(report: ExhibitReport) -> Iterator[Flowable]:
    used, exhibit = styles(), report.exhibit
    yield Bookmark(f"exhibit-{exhibit.number}", report.title, level=1)
    yield paragraph(report.title, used.heading)
    labels = f" · tagged {', '.join(report.labels)}" if report.labels else ""
    yield paragraph(f"{report.state}{labels}", used.muted)
    yield paragraph(f"SHA-256 {exhibit.sha256}", used.code, CODE)
    yield Spacer(0, 7)


def _body(report: ExhibitReport, contents: ReportContents) -> Iterator[Flowable]:
    if report.failure:
        yield _failure(report)
        yield Spacer(0, 8)
    answer = report.answer
    yield _first_look(report, contents)
    if answer is not None:
        yield from _levels(answer)
        if contents.maps:
            yield from _maps(answer)
        yield from _neighbours(answer)
        yield from _section("EXIF position against the answer", [paragraph(answer.claim, styles().body)])
        if answer.exclusions:
            yield from _section("Left out of the search by the examiner", fact_table(answer.exclusions))
    if report.notes:
        yield from _section("Notes", notes_flowables(report.notes))
    yield from _file(report)
    if answer is not None and contents.provenance:
        earlier = count_text(report.earlier_analyses, "other analysis", "other analyses")
        kept = Fact("Also kept in the case", f"{earlier} of this exhibit")
        facts = (*answer.provenance, *((kept,) if report.earlier_analyses else ()))
        yield from _section("Provenance: what decided this answer", fact_table(facts))


def _failure(report: ExhibitReport) -> Flowable:
    used = styles()
    earlier = " What follows is an earlier analysis." if report.answer is not None else ""
    content = [
        paragraph("Could not be analysed", used.lead),
        paragraph(f"{report.failure}{earlier}", used.body),
        paragraph(f"Reason, as recorded: {report.exhibit.failure_kind}", used.muted),
    ]
    return panel(content, LIGHT.danger_fill, LIGHT.danger)


def _first_look(report: ExhibitReport, contents: ReportContents) -> Flowable:
    return side_by_side(
        [_photo(report, contents), [], _lead(report)], [_HALF, _GAP, TEXT_WIDTH - _HALF - _GAP]
    )


def _photo(report: ExhibitReport, contents: ReportContents) -> list[Flowable]:
    used = styles()
    if not contents.photos:
        return [paragraph("The photo is left out of this report on request.", used.muted)]
    if report.photo is None:
        return [paragraph("Picture of the photo: not available.", used.muted)]
    photo = Photo(report.photo, _HALF, _PHOTO_HEIGHT)
    if not photo.is_readable:
        return [paragraph("Picture of the photo: unreadable.", used.muted)]
    photo.hAlign = "LEFT"
    return [photo, Spacer(0, 3), paragraph("The photo, reduced in size.", used.caption)]


def _lead(report: ExhibitReport) -> list[Flowable]:
    used, answer, width = styles(), report.answer, TEXT_WIDTH - _HALF - _GAP
    if answer is None:
        return [paragraph("No answer", used.lead), paragraph("This photo has not been analysed.", used.body)]
    content = [
        paragraph("Investigative lead", used.caption),
        paragraph(answer.place_short, used.lead),
        Spacer(0, 2),
        paragraph(answer.place, used.small),
    ]
    after: list[Flowable] = [
        Spacer(0, 6),
        *fact_table([Fact(name, text) for name, text in answer.notations], width, 52.0),
        Spacer(0, 6),
        paragraph(answer.certainty, used.body),
        paragraph(f"Probabilities: {answer.calibration}.", used.muted),
    ]
    if answer.warning:
        after += [
            Spacer(0, 5),
            panel([paragraph(answer.warning, used.small)], LIGHT.warning_fill, LIGHT.warning, width),
        ]
    if answer.is_synthetic:
        after += [
            Spacer(0, 5),
            panel([paragraph(WHAT_IS_SYNTHETIC, used.small)], LIGHT.warning_fill, LIGHT.warning, width),
        ]
    return [panel(content, LIGHT.busy_fill, LIGHT.accent, width), *after]


def _levels(answer: AnswerReport) -> Iterator[Flowable]:
    used = styles()
    rows = [
        [
            paragraph(line.name.capitalize(), used.small),
            paragraph(line.radius, used.small_right),
            paragraph(line.probability, used.small_right),
            paragraph(line.calibration_photos, used.small),
            paragraph(line.position, used.small),
            paragraph(line.place, used.small),
        ]
        for line in answer.levels
    ]
    names = [level.name for level in LEVELS]
    colours = [
        ("LINEBEFORE", (0, row), (0, row), 3.0, HexColor(LIGHT.level(names.index(line.name))), "butt")
        for row, line in enumerate(answer.levels, start=1)
        if line.name in names
    ]
    head = ("Level", "Within", "Probability", "Calibrated on", "Best position", "Place")
    widths = (54.0, 46.0, 52.0, 72.0, 104.0, TEXT_WIDTH - 328.0)
    table = grid(head, rows, widths, numbers=(1, 2), extra=colours)
    below = " ".join(
        text for text in (f"{' · '.join(answer.regions)}.", answer.basis, answer.calibrated_on) if text
    )
    more = [paragraph(below, used.small)]
    yield from _section("The answer at each level of precision", [table, Spacer(0, 4), *more])


def _maps(answer: AnswerReport) -> Iterator[Flowable]:
    used = styles()
    maps = draw_maps(answer.analysis, width=_HALF, height=_MAP_HEIGHT)
    cells = [[Picture(found.drawing), Spacer(0, 3), *_map_captions(found)] for found in maps]
    legend = (
        "Cross: the answer. Shading: density of the evidence; solid dark line 50 % region, dashed 90 % region. Coloured "
        "circles: the levels, each round its own best position. Blue: neighbours, the first "
        f"{NUMBERED_NEIGHBOURS} numbered. Violet: the file's EXIF claim. Azimuthal equidistant: distances from the cross "
        f"are true, north is up there. {ATTRIBUTION}"
    )
    table = side_by_side([cells[0], [], cells[1]], [_HALF, _GAP, _HALF])
    title = paragraph("Map at two scales", used.section)
    yield KeepTogether([title, table, Spacer(0, 3), paragraph(legend, used.muted)])


def _map_captions(found: StaticMap) -> list[Flowable]:
    remarks = f" {' '.join(found.remarks)}" if found.remarks else ""
    return [paragraph(f"{found.title}.{remarks}", styles().caption)]


def _neighbours(answer: AnswerReport) -> Iterator[Flowable]:
    lines = answer.neighbours
    if not lines:
        return
    used = styles()
    rows = [lines[start : start + _COLUMNS] for start in range(0, len(lines), _COLUMNS)]
    tables: list[Flowable] = []
    for row in rows:
        cells = [_neighbour(line) for line in row] + [[]] * (_COLUMNS - len(row))
        table = side_by_side(cells, [_CELL] * _COLUMNS, gap=8.0)
        tables.append(KeepTogether([table, Spacer(0, 7)]))
    about = (
        f"The first {len(lines)} of {answer.neighbours_in_all}. Descriptor distance: 0 for the same picture, at most 2; "
        "what counts as near depends on the model. Weight: the neighbour's share of the votes. ● marks those the answer rests on."
    )
    yield from _section("Nearest reference photos", [paragraph(about, used.muted), Spacer(0, 5), tables[0]])
    yield from tables[1:]


def _neighbour(line: NeighbourLine) -> list[Flowable]:
    used = styles()
    mark = "● " if line.is_carrier else ""
    picture: Flowable = Spacer(0, 2)
    if line.thumbnail is not None:
        photo = Photo(line.thumbnail, _CELL - 8.0, _THUMBNAIL_HEIGHT)
        photo.hAlign = "LEFT"
        picture = photo if photo.is_readable else paragraph("Thumbnail: unreadable.", used.muted)
    else:
        picture = paragraph("Thumbnail: not available.", used.muted)
    return [
        picture,
        Spacer(0, 2),
        paragraph(f"{mark}{line.rank} · {line.place}", used.head_cell),
        paragraph(f"distance {line.descriptor_distance} · weight {share_text(line.weight)}", used.muted),
        paragraph(f"{line.from_answer} from the answer", used.muted),
        paragraph(line.position, used.muted),
        paragraph(line.credit, used.muted),
        paragraph(f"id {line.neighbour.reference.reference_id}", used.muted),
    ]


def notes_flowables(notes: tuple[NoteLine, ...]) -> list[Flowable]:
    """Return notes, each with its author and date."""
    used = styles()
    found: list[Flowable] = []
    for note in notes:
        found += [paragraph(note.text, used.body), paragraph(note.byline, used.muted), Spacer(0, 5)]
    return found


def _file(report: ExhibitReport) -> Iterator[Flowable]:
    used = styles()
    columns: list[list[Flowable]] = [
        [paragraph("The file, as read by this program", used.section), *fact_table(report.file, _HALF, 84.0)]
    ]
    if report.claims:
        warning = (
            "Untrusted: anybody can change what a file says about itself. None of it entered the answer."
        )
        columns.append(
            [
                paragraph("What the file claims about itself (EXIF)", used.section),
                panel([paragraph(warning, used.small)], LIGHT.warning_fill, LIGHT.warning, _HALF),
                *fact_table(report.claims, _HALF, 84.0),
            ]
        )
    yield Spacer(0, 10)
    yield side_by_side([columns[0], [], columns[1] if len(columns) > 1 else []], [_HALF, _GAP, _HALF])
    if report.remarks:
        yield from _section("Remarks on the file", [paragraph(text, used.body) for text in report.remarks])
    for group in report.tags:
        yield from _section(f"{group.title} (untrusted)", fact_table(group.facts))


def _section(title: str, content: list[Flowable]) -> Iterator[Flowable]:
    """Yield a heading with what follows, the first of it on the same page."""
    yield CondPageBreak(60)
    yield KeepTogether([paragraph(title, styles().section), content[0]]) if content else Spacer(0, 0)
    yield from content[1:]
