"""``geolocdesk verify``: prove a case true, row by row."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from geolocdesk.cli.console import (
    EXIT_OK,
    EXIT_SOME_FAILED,
    progress_reporter,
    utc_now,
    write_json,
    write_result,
)
from geolocdesk.cli.options import add_device
from geolocdesk.cli.signatures import add_roots, check_report

if TYPE_CHECKING:
    from geolocdesk.analysis import Analyser, Analysis


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "verify",
        help="check a case's audit trail, evidence and answers",
        description=(
            "Check a case: the audit trail, every stored byte, the evidence files that are still there, and every "
            "answer, computed again with the recorded model and pack. The case is not changed."
        ),
    )
    parser.add_argument("case", type=Path, metavar="CASE", help="a case, or a signed PDF report")
    parser.add_argument(
        "--reference", type=Path, metavar="PACK", help="the reference pack, where it lies elsewhere now"
    )
    parser.add_argument(
        "--no-recompute", action="store_true", help="check the record and the evidence, compute nothing again"
    )
    parser.add_argument("--all-versions", action="store_true", help="recompute earlier analyses as well")
    add_device(parser)
    add_roots(parser)
    parser.add_argument("--json", action="store_true", help="one JSON line a row on standard output")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Verify a case and return the exit code: 1 where any row speaks against it."""
    if options.case.suffix.lower() == ".pdf":
        return check_report(options, options.case)
    from geolocdesk.casefile.opening import read_snapshot
    from geolocdesk.casefile.verify import verify_case

    sound = True
    with read_snapshot(options.case) as case, Recomputation(options, case.settings().pack) as recompute:
        rows = verify_case(
            case,
            None if options.no_recompute else recompute,
            all_versions=options.all_versions,
            progress=progress_reporter(),
        )
        for row in rows:
            sound = sound and row.sound
            if options.json:
                write_json(
                    {
                        "subject": row.subject,
                        "verdict": row.verdict.value,
                        "sound": row.sound,
                        "explanation": row.explanation,
                        "exhibit": row.exhibit,
                        "version": row.version,
                        "difference_m": row.difference_m,
                    }
                )
            else:
                write_result(f"{row.subject}: {row.verdict.value}. {row.explanation}")
    return EXIT_OK if sound else EXIT_SOME_FAILED


class Recomputation:
    """Analyses photos again with the pack at hand, whose files are all hashed before the first one."""

    def __init__(self, options: argparse.Namespace, recorded_pack: Path | None) -> None:
        self._pack: Path | None = options.reference or recorded_pack
        self._device: str = options.device
        self._analyser: Analyser | None = None
        self._problem: Exception | None = None

    def __enter__(self) -> "Callable[[Path, Analysis], Analysis]":
        return self._recompute

    def __exit__(self, *_: object) -> None:
        if self._analyser is not None:
            self._analyser.close()

    def _recompute(self, path: Path, stored: "Analysis") -> "Analysis":
        from geolocdesk.analysis import AnalysisFailure
        from geolocdesk.errors import EvidenceError

        analyser = self._opened()
        self._require_unchanged(analyser, stored.provenance.pack_id)
        results = analyser.analyse_photos(
            [path],
            stored.estimate.parameters,
            clock=lambda: stored.evidence.acquired_at,
            exclusions=stored.exclusions,
            calibration=stored.provenance.calibration_sha256,
        )
        (result,) = results
        if isinstance(result, AnalysisFailure):
            raise EvidenceError(result.kind, result.path, result.message)
        return result

    def _require_unchanged(self, analyser: "Analyser", recorded_id: str) -> None:
        """Say what was done to the pack since the analysis; its neighbours may be others now."""
        from geolocdesk.errors import PackError

        changes = analyser.pack.manifest.changes_since(recorded_id)
        if changes:
            done = ", ".join(f"{change.action} on {change.at}" for change in changes)
            message = (
                f"The pack {analyser.pack.folder} has been changed since this analysis ({done}); name a copy from "
                "before with --reference PACK."
            )
            raise PackError(message)

    def _opened(self) -> "Analyser":
        """Return the analyser; why it could not be opened is said for every row, and found out once."""
        from geolocdesk.errors import ModelError, PackError

        if self._problem is not None:
            raise self._problem
        if self._analyser is None:
            try:
                self._analyser = self._open()
            except (PackError, ModelError) as error:
                self._problem = error
                raise
        return self._analyser

    def _open(self) -> "Analyser":
        from geolocdesk.analysis import Analyser
        from geolocdesk.errors import PackError
        from geolocdesk.reference.pack import verify_pack

        if self._pack is None:
            message = "The case names no reference pack; say where it lies with --reference PACK."
            raise PackError(message)
        checks = verify_pack(self._pack, verified_at=utc_now(), progress=progress_reporter())
        wrong = [check.name for check in checks if check.state != "intact"]
        if wrong:
            message = (
                f"The pack {self._pack} is not what was built: {', '.join(wrong)}; restore it from a copy."
            )
            raise PackError(message)
        return Analyser.open(self._pack, device=self._device)
