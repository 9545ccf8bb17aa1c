"""A report in all its formats as one ZIP archive, with a manifest of hashes."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from geolocdesk.casefile.reader import CaseReader
from geolocdesk.errors import OutputError
from geolocdesk.progress import Progress, ProgressCallback, ignore_progress
from geolocdesk.provenance import current_program_version, sha256_of_file
from geolocdesk.reporting.archive import archive_entry, open_archive
from geolocdesk.reporting.formats import BUNDLED, ReportFormat
from geolocdesk.reporting.report import EVERYTHING, Report, ReportContents
from geolocdesk.whole_file import whole_file

MANIFEST_NAME = "manifest.json"
CHECKSUMS_NAME = "SHA256SUMS"
"""The same hashes in the form that ``sha256sum --check`` and ``shasum --check`` read."""


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    path: Path
    size_bytes: int
    sha256: str


def write_bundle(
    case: CaseReader,
    path: Path,
    *,
    contents: ReportContents = EVERYTHING,
    progress: ProgressCallback = ignore_progress,
    formats: Sequence[ReportFormat] = BUNDLED,
) -> None:
    """Write the report in each format, and the manifest, to the archive ``path``.

    Raises OutputError, CaseError and UsageError; progress may raise Cancelled.
    """
    report = Report(case, contents)
    try:
        with tempfile.TemporaryDirectory(prefix="geolocdesk-report-") as folder:
            members = list(_written(report, formats, Path(folder), progress))
            with whole_file(path) as partial, open_archive(partial) as archive:
                archive.writestr(archive_entry(MANIFEST_NAME), _manifest(report, members))
                archive.writestr(archive_entry(CHECKSUMS_NAME), _checksums(members))
                for member in members:
                    with (
                        member.path.open("rb") as source,
                        archive.open(archive_entry(member.name), "w", force_zip64=True) as target,
                    ):
                        shutil.copyfileobj(source, target)
    except OSError as error:
        message = (
            f"{path} could not be put together ({error}). Check that the disk of temporary files has room."
        )
        raise OutputError(message) from error


def _written(
    report: Report, formats: Sequence[ReportFormat], folder: Path, progress: ProgressCallback
) -> Iterator[_Member]:
    for form in formats:
        name = f"report{form.suffix}"
        form.load()(report.case, folder / name, contents=report.contents, progress=_named(form, progress))
        yield _Member(name, folder / name, (folder / name).stat().st_size, sha256_of_file(folder / name))


def _named(form: ReportFormat, progress: ProgressCallback) -> ProgressCallback:
    """Return a callback that says which format a step belongs to."""
    return lambda step: progress(Progress(f"{step.task}: {form.title}", step.done, step.total, step.detail))


def _manifest(report: Report, members: Sequence[_Member]) -> bytes:
    manifest = {
        "title": report.title,
        "as_of": report.as_of,
        "audit_hash": report.info.audit_hash,
        "audit_entries": report.info.audit_entries,
        "program": f"geolocdesk {current_program_version()}",
        "files": [
            {"name": member.name, "size_bytes": member.size_bytes, "sha256": member.sha256}
            for member in members
        ],
    }
    return (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


def _checksums(members: Sequence[_Member]) -> bytes:
    return "".join(f"{member.sha256}  {member.name}\n" for member in members).encode("ascii")
