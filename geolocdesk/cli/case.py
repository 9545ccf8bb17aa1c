"""``geolocdesk case``: make a case file, or say what is in one."""

import argparse
import getpass
from datetime import UTC, datetime
from pathlib import Path

from geolocdesk.cli.console import EXIT_OK, progress_reporter, write_json, write_result


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its sub-commands to the command line."""
    parser = commands.add_parser(
        "case",
        help="make a case file, or describe one",
        description="Make a case file (its name ends in .gldcase), or describe one.",
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    new = verbs.add_parser("new", help="make a new case file", description="Make a new, empty case file.")
    new.add_argument("case", type=Path, metavar="CASE")
    new.add_argument("--title", default="", metavar="TEXT", help="defaults to the file's name")
    new.add_argument("--number", default="", metavar="TEXT", help="the case's number or reference")
    add_examiner(new)
    new.add_argument("--organisation", default="", metavar="TEXT")
    new.set_defaults(run=run_new)
    info = verbs.add_parser(
        "info", help="what a case holds", description="Say what a case holds, without changing it."
    )
    info.add_argument("case", type=Path, metavar="CASE")
    info.add_argument("--json", action="store_true", help="one JSON document on standard output")
    info.set_defaults(run=run_info)
    export = verbs.add_parser(
        "export",
        help="write everything a case holds, in all formats",
        description="Write a ZIP with the case's report in all formats and a manifest of hashes.",
    )
    export.add_argument("case", type=Path, metavar="CASE")
    export.add_argument(
        "--out", type=Path, metavar="FILE.zip", help="defaults to the case's name with .zip, beside it"
    )
    export.set_defaults(run=run_export)


def add_examiner(parser: argparse.ArgumentParser) -> None:
    """Add ``--examiner``, the name under which changes stand in the audit trail."""
    parser.add_argument(
        "--examiner", default="", metavar="NAME", help="who works on it (default: the signed-in user)"
    )


def utc_now() -> datetime:
    """Return the time; the clock handed to the case."""
    return datetime.now(UTC)


def actor_of(options: argparse.Namespace) -> str:
    """Return who stands in the audit trail for what this command changes."""
    return str(options.examiner or getpass.getuser())


def run_new(options: argparse.Namespace) -> int:
    """Make a case file and return the exit code."""
    from geolocdesk.casefile.exhibit import CaseDetails
    from geolocdesk.casefile.opening import create_case

    details = CaseDetails(
        title=options.title or options.case.stem,
        number=options.number,
        examiner=options.examiner,
        organisation=options.organisation,
    )
    create_case(options.case, details, actor=actor_of(options), clock=utc_now).close()
    write_result(f"{options.case}: a new case, {details.title}")
    return EXIT_OK


def run_export(options: argparse.Namespace) -> int:
    """Write the archive and return the exit code. Never overwrites a file it was not told to write."""
    from geolocdesk.casefile.opening import read_snapshot
    from geolocdesk.errors import OutputError
    from geolocdesk.reporting.formats import BUNDLE

    out = options.out or options.case.with_suffix(BUNDLE.suffix)
    if options.out is None and out.exists():
        message = f"{out} exists already; name the file to write with --out."
        raise OutputError(message)
    with read_snapshot(options.case) as case:
        BUNDLE.load()(case, out, progress=progress_reporter())
    write_result(str(out))
    return EXIT_OK


def run_info(options: argparse.Namespace) -> int:
    """Describe a case and return the exit code."""
    from geolocdesk.casefile.opening import read_case

    with read_case(options.case) as case:
        info = case.info()
        settings = case.settings()
    facts = {
        "title": info.details.title,
        "number": info.details.number,
        "examiner": info.details.examiner,
        "organisation": info.details.organisation,
        "created_at": info.created_at,
        "changed_at": info.changed_at,
        "exhibits": info.exhibits,
        "analysed": info.analysed,
        "pending": info.pending,
        "failed": info.failed,
        "removed": info.removed,
        "analyses": info.analyses,
        "originals": info.originals,
        "reference_pack": None if settings.pack is None else str(settings.pack),
        "audit_entries": info.audit_entries,
        "audit_hash": info.audit_hash,
        "format_version": info.format_version,
        "size_bytes": info.size_bytes,
    }
    if options.json:
        write_json({"case": str(options.case), **facts})
        return EXIT_OK
    write_result(f"{options.case}")
    for name, value in facts.items():
        shown = "not available" if value in ("", None) else value
        write_result(f"  {name.replace('_', ' '):<15} {shown}")
    return EXIT_OK
