"""Tables, panels and lists of the PDF, all in one look."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.platypus import Flowable, Paragraph, Table, TableStyle

from geolocdesk.colours import LIGHT
from geolocdesk.reporting.facts import Fact
from geolocdesk.reporting.pdf_page import TEXT_WIDTH
from geolocdesk.reporting.pdf_type import CODE, REGULAR, markup, styles

Cell = Flowable | Sequence[Flowable] | str
Row = list[Any]

LABEL_WIDTH = 108.0

_HAIR = HexColor(LIGHT.border)
_HEAD = HexColor(LIGHT.window)


def paragraph(text: str, style: Any, font: str = REGULAR) -> Paragraph:  # noqa: ANN401 - reportlab
    """Return a paragraph of plain text."""
    return Paragraph(markup(text, font), style)


def fact_rows(facts: Iterable[Fact]) -> list[Row]:
    """Return facts as rows of a name and a value; what is missing is written muted."""
    used = styles()
    rows = []
    for fact in facts:
        style = used.code if fact.is_code else used.muted if fact.is_missing else used.small
        value = paragraph(fact.value, style, CODE if fact.is_code else REGULAR)
        rows.append([paragraph(fact.name, used.label), value])
    return rows


def fact_table(
    facts: Iterable[Fact], width: float = TEXT_WIDTH, label_width: float = LABEL_WIDTH
) -> list[Flowable]:
    """Return facts as a table with hairlines, nothing where there are none."""
    rows = fact_rows(facts)
    if not rows:
        return []
    table = Table(rows, colWidths=[label_width, width - label_width], hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [
                ("FONTNAME", (0, 0), (-1, -1), REGULAR),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 6),
                ("TOPPADDING", (0, 0), (-1, -1), 1.8),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.2),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, _HAIR),
            ]
        )
    )
    return [table]


def grid(
    head: Sequence[str],
    rows: Iterable[Row],
    widths: Sequence[float],
    *,
    numbers: Collection[int] = (),
    extra: Sequence[Any] = (),
) -> Table:
    """Return a table whose head is repeated on every page; columns of ``numbers`` are flush right."""
    used = styles()
    titles = [
        paragraph(text, used.head_cell_right if column in numbers else used.head_cell)
        for column, text in enumerate(head)
    ]
    body: list[Row] = [titles, *rows]
    table = Table(body, colWidths=list(widths), repeatRows=1, hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [
                ("FONTNAME", (0, 0), (-1, -1), REGULAR),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("BACKGROUND", (0, 0), (-1, 0), _HEAD),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, _HAIR),
                ("LEFTPADDING", (0, 0), (-1, -1), 4),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
                ("TOPPADDING", (0, 0), (-1, -1), 2.6),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3.0),
                *extra,
            ]
        )
    )
    return table


def panel(content: Sequence[Flowable], fill: str, edge: str, width: float = TEXT_WIDTH) -> Table:
    """Return content on a tinted ground with a coloured edge on its left."""
    table = Table([[list(content)]], colWidths=[width], hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [
                ("FONTNAME", (0, 0), (-1, -1), REGULAR),
                ("BACKGROUND", (0, 0), (-1, -1), HexColor(fill)),
                ("LINEBEFORE", (0, 0), (0, -1), 2.4, HexColor(edge), "butt"),
                ("LEFTPADDING", (0, 0), (-1, -1), 9),
                ("RIGHTPADDING", (0, 0), (-1, -1), 8),
                ("TOPPADDING", (0, 0), (-1, -1), 6),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 7),
            ]
        )
    )
    return table


def side_by_side(cells: Sequence[Cell], widths: Sequence[float], gap: float = 0.0) -> Table:
    """Return cells beside each other without any lines; ``gap`` is kept free on the right of each."""
    table = Table([list(cells)], colWidths=list(widths), hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [
                ("FONTNAME", (0, 0), (-1, -1), REGULAR),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), gap),
                ("TOPPADDING", (0, 0), (-1, -1), 0),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
            ]
        )
    )
    return table
