"""The PDF's title page, summary, method page and audit trail."""

from collections.abc import Iterator

from reportlab.lib.colors import HexColor
from reportlab.platypus import Flowable, PageBreak, Spacer

from geolocdesk.colours import LIGHT
from geolocdesk.reporting.audit_lines import AuditLine
from geolocdesk.reporting.method_text import METHOD_PAGE, PublishedTable
from geolocdesk.reporting.pdf_exhibit import notes_flowables
from geolocdesk.reporting.pdf_page import TEXT_WIDTH, Bookmark
from geolocdesk.reporting.pdf_table import Row, fact_table, grid, panel, paragraph
from geolocdesk.reporting.pdf_type import CODE, styles
from geolocdesk.reporting.report import WHAT_IS_SYNTHETIC, WHAT_IT_IS, Report, SummaryLine

_AUDIT_AT_ONCE = 100
"""Entries to a table: one table over thousands of rows would be laid out again and again."""


def title_flowables(report: Report) -> list[Flowable]:
    """Return the title page."""
    used = styles()
    flowables: list[Flowable] = [
        Bookmark("title", "Title page"),
        Spacer(0, 56),
        paragraph("Photo geolocation report", used.subtitle),
        paragraph(report.title, used.title),
        Spacer(0, 14),
        panel([paragraph(WHAT_IT_IS, used.body)], LIGHT.busy_fill, LIGHT.accent),
        Spacer(0, 6),
    ]
    if report.is_synthetic:
        flowables += [panel([paragraph(WHAT_IS_SYNTHETIC, used.body)], LIGHT.warning_fill, LIGHT.warning)]
    flowables += [Spacer(0, 16), *fact_table(report.case_facts())]
    notes = report.case_notes()
    if notes:
        flowables += [paragraph("Notes on the case", used.section), *notes_flowables(notes)]
    return flowables


def summary_flowables(report: Report) -> list[Flowable]:
    """Return the table of all exhibits."""
    used = styles()
    head = ("No.", "File", "Investigative lead", "Position", "How sure", "EXIF differs by")
    widths = (26.0, 98.0, 132.0, 78.0, 92.0, TEXT_WIDTH - 426.0)
    lines = list(report.summary())
    faults = [
        ("BACKGROUND", (0, row), (-1, row), HexColor(LIGHT.danger_fill))
        for row, line in enumerate(lines, start=1)
        if line.state == "failed"
    ]
    table = grid(head, (_summary_row(line) for line in lines), widths, extra=faults)
    return [
        PageBreak(),
        Bookmark("summary", "Summary"),
        paragraph("Summary", used.heading),
        paragraph(
            "One line an exhibit, by number. “How sure” is the finest level with a probability of 50 % or more.",
            used.muted,
        ),
        Spacer(0, 6),
        table if lines else paragraph("The case holds no exhibits.", used.body),
        Bookmark("exhibits", "Exhibits"),
    ]


def _summary_row(line: SummaryLine) -> Row:
    used = styles()
    number = paragraph(str(line.number), used.small)
    if line.state == "failed":
        texts = (line.name, f"Failed: {line.place}", line.position, line.certainty, line.exif_distance)
    else:
        texts = (line.name, line.place, line.position, line.certainty, line.exif_distance)
    return [number, *(paragraph(text, used.small) for text in texts)]


def method_flowables() -> list[Flowable]:
    """Return how the answers come about, in plain language, with limits and published error rates."""
    used = styles()
    found: list[Flowable] = [
        PageBreak(),
        Bookmark("method", "Method, limits and error rates"),
        paragraph("Method, limits and error rates", used.heading),
    ]
    for title, paragraphs in METHOD_PAGE.sections:
        found.append(paragraph(title, used.section))
        for text in paragraphs:
            found += [paragraph(text, used.body), Spacer(0, 3)]
    for table in METHOD_PAGE.tables:
        found += _published(table)
    return found


def _published(table: PublishedTable) -> Iterator[Flowable]:
    used = styles()
    yield paragraph(f"{table.title}: per cent right within", used.section)
    rows: list[Row] = [
        [paragraph(row.method, used.small), *(paragraph(text, used.small_right) for text in row.percent)]
        for row in table.rows
    ]
    width = 50.0
    first = TEXT_WIDTH - width * len(table.columns)
    yield grid(("Method", *table.columns), rows, (first, *[width] * len(table.columns)), numbers=range(1, 6))
    yield Spacer(0, 2)
    yield paragraph(f"Published by others, not measured by this program. Source: {table.source}.", used.muted)


def audit_pieces(report: Report) -> Iterator[list[Flowable]]:
    """Yield the audit trail in tables of some entries each."""
    used = styles()
    yield [
        PageBreak(),
        Bookmark("audit", "Audit trail"),
        paragraph("Audit trail", used.heading),
        paragraph(
            "Every change of the case, in order. Each entry holds the hash of the one before, so none can be altered, "
            "left out or put in without “geolocdesk verify” noticing. The hash below an entry is its own.",
            used.muted,
        ),
        Spacer(0, 6),
    ]
    lines: list[AuditLine] = []
    for line in report.audit():
        lines.append(line)
        if len(lines) == _AUDIT_AT_ONCE:
            yield [_audit_table(lines)]
            lines = []
    if lines:
        yield [_audit_table(lines)]


def _audit_table(lines: list[AuditLine]) -> Flowable:
    used = styles()
    rows: list[Row] = [
        [
            paragraph(str(line.sequence), used.small),
            [paragraph(line.at, used.small), paragraph(line.actor, used.muted)],
            paragraph(line.action, used.small),
            [paragraph(line.detail, used.small), paragraph(line.entry.entry_hash, used.code, CODE)],
        ]
        for line in lines
    ]
    return grid(
        ("No.", "When, who", "What", "With which inputs"), rows, (30.0, 110.0, 88.0, TEXT_WIDTH - 228.0)
    )
