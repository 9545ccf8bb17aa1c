"""The content of a report: one model in ready wording, from which every format is written.

A report is read from an open case piece by piece. Exhibits come one at a time, so that a case of any size
fits in memory. The same case gives the same content: no clock is asked, no path is opened.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from geolocdesk.cartography.place_names import find_place
from geolocdesk.casefile.exhibit import CaseInfo, Exhibit, ExhibitStatus, Note
from geolocdesk.casefile.reader import CaseReader
from geolocdesk.errors import UsageError
from geolocdesk.estimation.location import resembles_nothing
from geolocdesk.evidence.record import EvidenceRecord
from geolocdesk.progress import Progress, ProgressCallback, ignore_progress
from geolocdesk.provenance import current_program_version
from geolocdesk.quantities import count_text, distance_text, radius_text, share_text
from geolocdesk.reporting.answer import AnswerReport, answer_report, names_synthetic_pack
from geolocdesk.reporting.audit_lines import AuditLine, audit_line
from geolocdesk.reporting.facts import (
    Fact,
    FactGroup,
    claim_facts,
    file_facts,
    stated_fact,
    tag_groups,
    time_text,
)
from geolocdesk.unavailable import Unavailable
from geolocdesk.visible_text import visible_text

WHAT_IT_IS = (
    "Every position in this report is an investigative lead: a place to look at next, computed from photos that "
    "look alike. It is no proof of where a photo was taken, and must not be the only ground of a decision."
)
WHAT_IS_SYNTHETIC = "Practice: the reference photos are drawn and show no real place. Nothing here says anything about a real photo."


@dataclass(frozen=True, slots=True)
class ReportContents:
    """What goes into a report. Hashes, answers and failures always do."""

    exhibits: frozenset[int] | None = None
    """Which exhibits, by number; None for all that are not removed."""
    photos: bool = True
    """The photos themselves; without them a report can go where the pictures must not."""
    maps: bool = True
    tags: bool = True
    """Every EXIF tag, not only the claims that matter."""
    neighbours: int = 8
    """How many of the nearest reference photos; 0 for none."""
    neighbour_photos: bool = True
    notes: bool = True
    provenance: bool = True
    method: bool = True
    """How the answers come about, their limits and published error rates."""
    audit: bool = True


EVERYTHING = ReportContents()


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One exhibit in the table at the beginning."""

    number: int
    name: str
    state: str
    place: str
    """In few words; the reason where there is none."""
    position: str
    certainty: str
    """The finest level with half of the mass or more, or that the photo resembles nothing, in few words."""
    exif_distance: str
    is_synthetic: bool


@dataclass(frozen=True, slots=True)
class NoteLine:
    """What an examiner wrote."""

    text: str
    byline: str


@dataclass(frozen=True, slots=True, eq=False)
class ExhibitReport:
    """Everything a report says about one exhibit."""

    exhibit: Exhibit
    title: str
    state: str
    failure: str
    """Why the photo could not be analysed, in a sentence; empty where it could."""
    record: EvidenceRecord | None
    """None where the photo could not be taken in."""
    photo: bytes | None
    """The JPEG the case keeps of the photo; None where there is none or none is wanted."""
    file: tuple[Fact, ...]
    """What this program read."""
    claims: tuple[Fact, ...]
    """What the file claims about itself: untrusted."""
    tags: tuple[FactGroup, ...]
    """Every EXIF tag: untrusted."""
    remarks: tuple[str, ...]
    """What reading the file brought up."""
    answer: AnswerReport | None
    """None before the first analysis."""
    notes: tuple[NoteLine, ...]
    labels: tuple[str, ...]
    """The examiner's tags on the exhibit."""
    earlier_analyses: int
    """How many other analyses the case keeps of it."""


class Report:
    """The content of a report on an open case. Use it while the case is open, in the thread that opened it."""

    def __init__(self, case: CaseReader, contents: ReportContents = EVERYTHING) -> None:
        """Read what the case holds. Raises UsageError for an exhibit it has not, CaseError where damaged."""
        self.case = case
        self.contents = contents
        self.info: CaseInfo = case.info()
        numbers = [exhibit.number for exhibit in case.exhibits()]
        if contents.exhibits is not None and (missing := contents.exhibits.difference(numbers)):
            named = ", ".join(map(str, sorted(missing)))
            message = f"{case.path} has no exhibit {named}; its exhibits are {_ranges(numbers)}."
            raise UsageError(message)
        self._numbers = [number for number in numbers if self._is_wanted(number)]
        self.is_synthetic = any(line.is_synthetic for line in self.summary())
        """Whether any answer comes from a pack of drawn photos."""

    @property
    def title(self) -> str:
        """Return the case's title, or the file's name where it has none."""
        return visible_text(self.info.details.title) or visible_text(self.case.path.stem)

    @property
    def as_of(self) -> str:
        """Return when the case last changed, ISO 8601 in UTC: the only time a report carries."""
        return self.info.changed_at

    @property
    def count(self) -> int:
        """Return how many exhibits the report covers."""
        return len(self._numbers)

    def case_facts(self) -> tuple[Fact, ...]:
        """Return who investigates what, for the title page."""
        info, details = self.info, self.info.details
        facts = [
            stated_fact("Case", details.title),
            stated_fact("Case number", details.number),
            stated_fact("Examiner", details.examiner),
            stated_fact("Organisation", details.organisation),
            stated_fact("Remarks", details.remarks),
            Fact("Case opened", time_text(info.created_at)),
            Fact("State of the case", f"as of {time_text(info.changed_at)}"),
            Fact("Contents", self._counts()),
        ]
        if self.count != info.exhibits:
            facts.append(Fact("In this report", f"exhibits {_ranges(self._numbers)}"))
        return (
            *facts,
            Fact(
                "Audit trail", f"{count_text(info.audit_entries, 'entry', 'entries')}; the newest one's hash:"
            ),
            Fact("", info.audit_hash, is_code=True),
            Fact("Written by", f"geolocdesk {current_program_version()}"),
        )

    def summary(self) -> Iterator[SummaryLine]:
        """Yield one line an exhibit, by number."""
        for exhibit in self.case.exhibits():
            if self._is_wanted(exhibit.number):
                yield _summary_line(exhibit)

    def exhibits(self, progress: ProgressCallback = ignore_progress) -> Iterator[ExhibitReport]:
        """Yield the exhibits by number, each read from the case as it is asked for."""
        for done, number in enumerate(self._numbers):
            exhibit = self.case.exhibit(number)
            progress(Progress("Writing the report", done, self.count, visible_text(exhibit.name)))
            yield self._exhibit_report(exhibit)
        progress(Progress("Writing the report", self.count, self.count))

    def case_notes(self) -> tuple[NoteLine, ...]:
        """Return the notes on the case as a whole."""
        return tuple(map(_note_line, self.case.notes(None))) if self.contents.notes else ()

    def audit(self) -> Iterator[AuditLine]:
        """Yield the audit trail, oldest entry first; nothing where it is not wanted."""
        if self.contents.audit:
            yield from map(audit_line, self.case.audit())

    def _counts(self) -> str:
        info = self.info
        counts = [
            count_text(info.exhibits, "exhibit"),
            f"{info.analysed} analysed",
            f"{info.failed} failed",
            f"{info.pending} pending",
        ]
        if info.removed:
            counts.append(f"{info.removed} removed and not in this report")
        return ", ".join(counts)

    def _is_wanted(self, number: int) -> bool:
        return self.contents.exhibits is None or number in self.contents.exhibits

    def _exhibit_report(self, exhibit: Exhibit) -> ExhibitReport:
        case, contents, number = self.case, self.contents, exhibit.number
        answer = self._answer(exhibit)
        record = case.record(number) if answer is None else answer.analysis.evidence
        distance: float | Unavailable = Unavailable.NOT_APPLICABLE
        if answer is not None:
            distance = answer.analysis.exif_distance_km
        return ExhibitReport(
            exhibit=exhibit,
            title=f"Exhibit {number}: {visible_text(exhibit.name)}",
            state=exhibit.status.value,
            failure=visible_text(exhibit.failure),
            record=record,
            photo=case.thumbnail(number) if contents.photos else None,
            file=file_facts(exhibit, record),
            claims=() if record is None else claim_facts(record.exif, distance),
            tags=tag_groups(record.exif) if contents.tags and record is not None else (),
            remarks=() if record is None else _remarks(record),
            answer=answer,
            notes=tuple(map(_note_line, case.notes(number))) if contents.notes else (),
            labels=tuple(map(visible_text, case.tags(number))) if contents.notes else (),
            earlier_analyses=max(len(case.analyses(number)) - 1, 0),
        )

    def _answer(self, exhibit: Exhibit) -> AnswerReport | None:
        if exhibit.current is None:
            return None
        analysis = self.case.analysis(exhibit.current)
        pack_id, with_photos = analysis.neighbours.pack_id, self.contents.neighbour_photos

        def thumbnail(row: int) -> bytes | None:
            return self.case.neighbour_thumbnail(pack_id, row) if with_photos else None

        return answer_report(
            analysis, exhibit.current, neighbours=self.contents.neighbours, thumbnail=thumbnail
        )


def _summary_line(exhibit: Exhibit) -> SummaryLine:
    name, current = visible_text(exhibit.name), exhibit.current
    if current is None:
        failed = exhibit.status is ExhibitStatus.FAILED
        why = visible_text(exhibit.failure) if failed else "not analysed yet"
        missing = str(Unavailable.NOT_APPLICABLE)
        return SummaryLine(
            number=exhibit.number,
            name=name,
            state=exhibit.status.value,
            place=why,
            position=missing,
            certainty=missing,
            exif_distance=missing,
            is_synthetic=False,
        )
    position, distance = current.position, current.exif_distance_km
    return SummaryLine(
        number=exhibit.number,
        name=name,
        state=exhibit.status.value,
        place=find_place(position).short,
        position=f"{position.latitude:.4f}, {position.longitude:.4f}",
        certainty=_certainty(exhibit),
        exif_distance=f"GPS {distance}" if isinstance(distance, Unavailable) else distance_text(distance),
        is_synthetic=names_synthetic_pack(current.pack_name),
    )


def _certainty(exhibit: Exhibit) -> str:
    if exhibit.current is not None and resembles_nothing(exhibit.current.familiarity):
        return "none: resembles nothing in the pack"
    levels = () if exhibit.current is None else exhibit.current.levels
    held = [answer for answer in levels if answer.probability >= 0.5]
    if not held:
        return f"weak: no level reaches {share_text(0.5)}"
    finest = min(held, key=lambda answer: answer.level.radius_km)
    doubt = ", not calibrated" if isinstance(finest.calibration, Unavailable) else ""
    return f"{share_text(finest.probability)} within {radius_text(finest.level.radius_km)}{doubt}"


def _remarks(record: EvidenceRecord) -> tuple[str, ...]:
    remarks = [*record.remarks, *([record.exif.remark] if record.exif.remark else [])]
    return tuple(visible_text(remark) for remark in remarks)


def _note_line(note: Note) -> NoteLine:
    edited = "" if isinstance(note.edited_at, Unavailable) else f", edited {time_text(note.edited_at)}"
    author = visible_text(note.author) or "author not available"
    return NoteLine(
        visible_text(note.text, keep_lines=True), f"{author}, {time_text(note.written_at)}{edited}"
    )


def _ranges(numbers: list[int]) -> str:
    """Return numbers in order as ``1–3, 7``; ``none`` for none."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    texts = [str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs]
    return ", ".join(texts) or "none"
