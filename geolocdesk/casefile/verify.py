"""Proof of a case: that its record is whole, its evidence unchanged, and that its answers come out again."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from geolocdesk.analysis import Analysis
from geolocdesk.casefile.agreement import compare_analyses
from geolocdesk.casefile.exhibit import AnalysisSummary, Exhibit
from geolocdesk.casefile.integrity import Fault, storage_faults, trail_faults
from geolocdesk.casefile.reader import CaseReader
from geolocdesk.errors import CalibrationError, CaseError, EvidenceError, ModelError, PackError
from geolocdesk.progress import Progress, ProgressCallback, ignore_progress
from geolocdesk.provenance import sha256_of_file
from geolocdesk.unavailable import Unavailable

Recompute = Callable[[Path, Analysis], Analysis]
"""Analyses a photo again with the model, pack, parameters and exclusions that an analysis names.

It checks the model's weights and the pack's files against their hashes, and raises ModelError, PackError or
EvidenceError where it cannot do what was done.
"""


class Verdict(Enum):
    """What the check of one row found; the member's value is the wording shown."""

    AGREES = "agrees"
    UNCHANGED = "evidence unchanged"
    NOTHING_TO_CHECK = "nothing to check"
    DIFFERS = "differs"
    EVIDENCE_CHANGED = "evidence changed"
    EVIDENCE_MISSING = "evidence missing"
    MODEL_MISSING = "model missing or changed"
    PACK_MISSING = "pack missing or changed"
    CALIBRATION_MISSING = "calibration missing or changed"
    CANNOT_RECOMPUTE = "cannot be recomputed"
    STORED_ALTERED = "stored data altered"
    AUDIT_BROKEN = "audit trail broken"


_SOUND = frozenset({Verdict.AGREES, Verdict.UNCHANGED, Verdict.NOTHING_TO_CHECK})


@dataclass(frozen=True, slots=True)
class VerifiedRow:
    """One thing checked, and what came of it."""

    subject: str
    """What was checked, in words: ``audit trail``, ``exhibit 3: beach.jpg`` …"""
    verdict: Verdict
    explanation: str
    exhibit: int | None = None
    version: int | None = None
    difference_m: float | None = None
    """The farthest that an answer of the analysis moved, where it was recomputed."""

    @property
    def sound(self) -> bool:
        """Return whether nothing speaks against this row."""
        return self.verdict in _SOUND


def verify_case(
    case: CaseReader,
    recompute: Recompute | None,
    *,
    all_versions: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> Iterator[VerifiedRow]:
    """Yield what each check finds: the audit trail, the stored data, then exhibit by exhibit.

    Without ``recompute`` no answer is computed again. ``all_versions`` recomputes earlier analyses too.
    """
    yield from _verify_trail(case)
    altered = list(storage_faults(case.store))
    yield from _verify_storage(altered)
    try:
        total = sum(1 for _exhibit in case.exhibits())
        for done, exhibit in enumerate(case.exhibits()):
            progress(Progress("Verifying", done, total, exhibit.name))
            yield from _verify_exhibit(case, exhibit, recompute, all_versions=all_versions)
        progress(Progress("Verifying", total, total))
    except CaseError as error:
        yield VerifiedRow("exhibits", Verdict.STORED_ALTERED, error.message)


def _verify_trail(case: CaseReader) -> Iterator[VerifiedRow]:
    faults = list(trail_faults(case.store))
    for fault in faults:
        yield VerifiedRow("audit trail", Verdict.AUDIT_BROKEN, fault.explanation)
    if not faults:
        last = case.store.last_entry()
        known = "" if last is None else f"{last.sequence} entries, the newest with the hash {last.entry_hash}"
        yield VerifiedRow("audit trail", Verdict.AGREES, f"Unbroken: {known}.")


def _verify_storage(faults: list[Fault]) -> Iterator[VerifiedRow]:
    for fault in faults:
        yield VerifiedRow(
            "stored data", Verdict.STORED_ALTERED, fault.explanation, fault.exhibit, fault.version
        )
    if not faults:
        yield VerifiedRow("stored data", Verdict.AGREES, "Every stored byte is the one that was recorded.")


def _verify_exhibit(
    case: CaseReader, exhibit: Exhibit, recompute: Recompute | None, *, all_versions: bool
) -> Iterator[VerifiedRow]:
    subject = f"exhibit {exhibit.number}: {exhibit.name}"
    if isinstance(exhibit.sha256, Unavailable):
        explanation = f"It could not be taken in, so there is no hash to compare. {exhibit.failure}"
        yield VerifiedRow(subject, Verdict.NOTHING_TO_CHECK, explanation, exhibit.number)
        return
    verdict, explanation = _check_evidence(exhibit)
    analyses = case.analyses(exhibit.number) if all_versions else [exhibit.current]
    to_recompute = [found for found in analyses if found is not None and recompute is not None]
    if verdict is not Verdict.UNCHANGED or not to_recompute:
        yield VerifiedRow(subject, verdict, explanation, exhibit.number)
    if verdict is not Verdict.UNCHANGED and not exhibit.has_original:
        return
    if recompute is None or not to_recompute:
        return
    with _evidence_file(case, exhibit, unchanged=verdict is Verdict.UNCHANGED) as path:
        for summary in to_recompute:
            yield _verify_analysis(case, subject, summary, path, recompute)


def _check_evidence(exhibit: Exhibit) -> tuple[Verdict, str]:
    try:
        sha256 = sha256_of_file(exhibit.path)
    except (FileNotFoundError, NotADirectoryError):
        return Verdict.EVIDENCE_MISSING, f"{exhibit.path} is not there."
    except OSError as error:
        return Verdict.EVIDENCE_MISSING, f"{exhibit.path} cannot be read ({error.strerror})."
    if sha256 != exhibit.sha256:
        return (
            Verdict.EVIDENCE_CHANGED,
            f"{exhibit.path} now has the SHA-256 {sha256}; it was taken in with {exhibit.sha256}.",
        )
    return Verdict.UNCHANGED, f"{exhibit.path} has the SHA-256 it was taken in with."


@contextmanager
def _evidence_file(case: CaseReader, exhibit: Exhibit, *, unchanged: bool) -> Iterator[Path]:
    """Give a file with the exhibit's bytes: its own, or else a copy of the original kept in the case."""
    if unchanged:
        yield exhibit.path
        return
    with tempfile.TemporaryDirectory(prefix="geolocdesk-verify-") as folder:
        copy = Path(folder) / f"original{exhibit.path.suffix}"
        with copy.open("wb") as stream:
            stream.writelines(case.original(exhibit.number))
        yield copy


def _verify_analysis(
    case: CaseReader, subject: str, summary: AnalysisSummary, path: Path, recompute: Recompute
) -> VerifiedRow:
    def row(verdict: Verdict, explanation: str, difference_m: float | None = None) -> VerifiedRow:
        return VerifiedRow(subject, verdict, explanation, summary.exhibit, summary.version, difference_m)

    try:
        stored = case.analysis(summary)
    except CaseError as error:
        return row(Verdict.STORED_ALTERED, error.message)
    try:
        again = recompute(path, stored)
    except (ModelError, PackError, EvidenceError) as error:
        return row(_verdict_on(error), error.message)
    other = _other_provenance(stored, again)
    if other is not None:
        return row(*other)
    agreement = compare_analyses(stored, again)
    verdict = Verdict.AGREES if agreement.agrees else Verdict.DIFFERS
    return row(verdict, agreement.explanation, agreement.difference_m)


def _verdict_on(error: ModelError | PackError | EvidenceError) -> Verdict:
    if isinstance(error, ModelError):
        return Verdict.MODEL_MISSING
    if isinstance(error, CalibrationError):
        return Verdict.CALIBRATION_MISSING
    return Verdict.PACK_MISSING if isinstance(error, PackError) else Verdict.CANNOT_RECOMPUTE


def _other_provenance(stored: Analysis, again: Analysis) -> tuple[Verdict, str] | None:
    """Return why the answers cannot be compared: another model or pack than the one recorded."""
    before, after = stored.provenance, again.provenance
    if after.weights_sha256 != before.weights_sha256:
        return Verdict.MODEL_MISSING, (
            f"The model at hand has the weights {after.weights_sha256}, not those recorded "
            f"({before.weights_sha256})."
        )
    if after.pack_id != before.pack_id:
        return Verdict.PACK_MISSING, (
            f"The pack at hand is {after.pack_id}, not the one recorded ({before.pack_id})."
        )
    return None
