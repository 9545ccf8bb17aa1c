"""The report as a PDF: the same bytes from the same case, whole or not at all, whatever its size."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from geolocdesk.casefile.reader import CaseReader
from geolocdesk.progress import Progress, ProgressCallback, ignore_progress
from geolocdesk.provenance import sha256_of_json
from geolocdesk.reporting.facts import time_text
from geolocdesk.reporting.report import EVERYTHING, Report, ReportContents
from geolocdesk.visible_text import visible_text
from geolocdesk.whole_file import whole_file

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

PRACTICE_WARNING = "PRACTICE: synthetic reference photos, no real place is shown"


def write_pdf(
    case: CaseReader,
    path: Path,
    *,
    contents: ReportContents = EVERYTHING,
    progress: ProgressCallback = ignore_progress,
) -> None:
    """Write the report on an open case; the file takes its name only when it is complete.

    ``progress`` is called before each exhibit and may raise Cancelled. Raises OutputError, CaseError, and
    UsageError for an exhibit the case has not.
    """
    from geolocdesk.reporting.pdf_page import ReportDocument

    report = Report(case, contents)
    with whole_file(path) as partial, partial.open("wb") as stream:
        document = ReportDocument(
            stream,
            title=f"Photo geolocation report: {report.title}",
            author=_author(report),
            subject="Investigative leads on where photos were taken",
            running_title=_running_title(report),
            state=f"State of the case {time_text(report.as_of)} · audit hash {report.info.audit_hash[:16]}…",
            as_of=report.as_of,
            identity=_identity(report),
            practice=PRACTICE_WARNING if report.is_synthetic else "",
        )
        document.build_pieces(_pieces(report, progress))


def _pieces(report: Report, progress: ProgressCallback) -> "Iterator[list[Flowable]]":
    from geolocdesk.reporting.pdf_exhibit import exhibit_flowables
    from geolocdesk.reporting.pdf_front import (
        audit_pieces,
        method_flowables,
        summary_flowables,
        title_flowables,
    )

    yield title_flowables(report)
    yield summary_flowables(report)
    for exhibit in report.exhibits(progress):
        yield exhibit_flowables(exhibit, report.contents)
    if report.contents.method:
        yield method_flowables()
    if report.contents.audit:
        yield from audit_pieces(report)
    progress(Progress("Saving the report", report.count, report.count))


def _identity(report: Report) -> str:
    """Return what tells this report from others: the case's state and the choice of contents, hashed."""
    contents = report.contents
    chosen = None if contents.exhibits is None else [*sorted(contents.exhibits)]
    choice = {**asdict(contents), "exhibits": chosen}
    return sha256_of_json({"audit_hash": report.info.audit_hash, "contents": choice})[:32]


def _author(report: Report) -> str:
    details = report.info.details
    named = [visible_text(text) for text in (details.examiner, details.organisation) if text.strip()]
    return ", ".join(named) or "not available"


def _running_title(report: Report) -> str:
    number = visible_text(report.info.details.number)
    title = report.title if len(report.title) <= 70 else f"{report.title[:69]}…"
    return f"{title} · {number}" if number else title
