import json
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from geolocdesk.casefile.case import Case
from geolocdesk.errors import OutputError
from geolocdesk.progress import Cancelled, Progress
from geolocdesk.reporting.bundle import write_bundle
from geolocdesk.reporting.formats import BUNDLE, CSV, FORMATS, GEOJSON, GPX, ReportFormat
from tests.doubles.cases import varied_case

SMALL = (CSV, GEOJSON, GPX)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    with varied_case(tmp_path_factory.mktemp("case") / "case.gldcase") as made:
        yield made


def test_the_manifest_names_and_hashes_every_file(case: Case, tmp_path: Path) -> None:
    write_bundle(case, tmp_path / "report.zip", formats=SMALL)

    with zipfile.ZipFile(tmp_path / "report.zip") as archive:
        archive.extractall(tmp_path)
        manifest = json.loads(archive.read("manifest.json"))
    assert [entry["name"] for entry in manifest["files"]] == ["report.csv", "report.geojson", "report.gpx"]
    assert manifest["audit_hash"] == case.info().audit_hash
    for entry in manifest["files"]:
        assert (tmp_path / entry["name"]).stat().st_size == entry["size_bytes"]
    # Somebody else's program checks the hashes.
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count(": OK") == 3


def test_the_same_case_gives_the_same_bytes(case: Case, tmp_path: Path) -> None:
    for name in ("first.zip", "second.zip"):
        write_bundle(case, tmp_path / name, formats=SMALL)

    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()


def test_progress_names_the_format_and_can_cancel(case: Case, tmp_path: Path) -> None:
    seen: list[str] = []

    def cancel(step: Progress) -> None:
        seen.append(step.task)
        if len(seen) == 9:
            raise Cancelled

    with pytest.raises(Cancelled):
        write_bundle(case, tmp_path / "report.zip", formats=SMALL, progress=cancel)

    assert seen[0] == "Writing the report: CSV table"
    assert seen[-1] == "Writing the report: GeoJSON"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_named(case: Case) -> None:
    with pytest.raises(OutputError, match="could not be"):
        write_bundle(case, case.path / "report.zip", formats=(CSV,))


def test_every_format_has_a_name_and_suffix_of_its_own() -> None:
    assert len({form.name for form in FORMATS}) == len({form.suffix for form in FORMATS}) == len(FORMATS)


@pytest.mark.parametrize("form", [form for form in FORMATS if form is not BUNDLE], ids=lambda form: form.name)
def test_every_format_can_be_written(case: Case, tmp_path: Path, form: ReportFormat) -> None:
    path = tmp_path / f"report{form.suffix}"

    form.load()(case, path)

    assert path.stat().st_size > 0
