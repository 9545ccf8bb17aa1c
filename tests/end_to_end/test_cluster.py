"""Building on a cluster of worker processes gives the pack that one process builds, whoever is killed."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from geolocdesk.features.projection import Projection, fit_projection
from geolocdesk.reference import build as build_module
from geolocdesk.reference.build import BuildOptions, BuildResult, DescribePart, partial_folder
from geolocdesk.reference.cluster.connection import open_cluster
from geolocdesk.reference.cluster.dispatch import describe_on
from geolocdesk.reference.manifest import read_manifest
from geolocdesk.reference.sources import open_source
from tests.doubles.cluster import OpenHistogram
from tests.doubles.extractor import HistogramExtractor
from tests.doubles.photo_tables import picture
from tests.doubles.small_packs import build_small_pack

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

PHOTOS = 300
ROWS_A_SHARD = 50


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a table of small photos, with some rows that cannot be used."""
    folder = tmp_path_factory.mktemp("photos")
    lines = ["file,latitude,longitude,id,place,licence"]
    for number in range(PHOTOS):
        picture(number).save(folder / f"{number}.jpg", quality=92)
        lines.append(f"{number}.jpg,{number / 10},{-number / 10},id{number},p{number // 2},CC0")
        if number % 70 == 0:
            lines.append(f"absent{number}.jpg,1,2,,,")
    lines.insert(40, "0.jpg,95,2,wrong,,")
    lines.append("1.jpg,1,2,id5,,")
    path = folder / "photos.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def small_projection(vectors: np.ndarray) -> Projection:
    return fit_projection(vectors, dimension=16)


@pytest.fixture(autouse=True)
def _projection_of_few_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_module, "PROJECTION_SAMPLE", 120)
    monkeypatch.setattr(build_module, "MINIMUM_PHOTOS_FOR_PROJECTION", 50)
    monkeypatch.setattr(build_module, "fit_projection", small_projection)


def build(
    table: Path, out: Path, describe_part: DescribePart | None = None, *, resume: bool = False
) -> BuildResult:
    return build_small_pack(
        open_source(table),
        out,
        extractor=HistogramExtractor(takes_projection=True),
        options=BuildOptions(name="pack", resume=resume),
        describe_part=describe_part,
    )


@pytest.fixture(scope="module")
def whole(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Return the pack that one process builds, built when it is first asked for."""
    folder = tmp_path_factory.mktemp("whole") / "pack"

    def built() -> Path:
        if not folder.exists():
            build(table, folder)
        return folder

    return built


def test_a_worker_killed_in_the_middle_of_a_shard_changes_nothing(
    table: Path, whole: Callable[[], Path], tmp_path: Path
) -> None:
    opener = OpenHistogram(tmp_path, kill_after=32)  # a shard has two batches
    with open_cluster("local:2", cores=2) as cluster:
        result = build(table, tmp_path / "pack", describe_on(cluster, opener, rows_a_shard=ROWS_A_SHARD))
    killed = (tmp_path / "killed").read_text()
    workers = {path.name.removeprefix("worker-") for path in tmp_path.glob("worker-*")}
    assert killed in workers
    assert workers - {killed}, "another worker did the rest"
    assert result.references == PHOTOS
    assert {row.reason.partition(":")[0] for row in result.rejected} == {
        "not_found",
        "another photo has the same id 'id5'",
        "latitude 95 or longitude 2 is out of range (±90, ±180 degrees)",
    }
    assert read_manifest(tmp_path / "pack") == read_manifest(whole())
    assert not partial_folder(tmp_path / "pack").exists()


DRIVER = """
import sys
from pathlib import Path
from tests.end_to_end import test_cluster as t

if __name__ == "__main__":
    table, folder = Path(sys.argv[1]), Path(sys.argv[2])
    t.build_module.PROJECTION_SAMPLE = 120
    t.build_module.MINIMUM_PHOTOS_FOR_PROJECTION = 50
    t.build_module.fit_projection = t.small_projection

    def report(progress):
        print(progress.task, progress.done, flush=True)

    with t.open_cluster("local:1", cores=1) as cluster:
        t.build_small_pack(
            t.open_source(table), folder / "pack", extractor=t.HistogramExtractor(takes_projection=True),
            options=t.BuildOptions(name="pack"), progress=report,
            describe_part=t.describe_on(cluster, t.OpenHistogram(folder), rows_a_shard=t.ROWS_A_SHARD),
        )
"""


def test_a_killed_driver_leaves_no_process_and_a_build_that_goes_on(
    table: Path, whole: Callable[[], Path], tmp_path: Path
) -> None:
    script = tmp_path / "driver.py"
    script.write_text(DRIVER)
    with subprocess.Popen(
        [sys.executable, str(script), str(table), str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as driver:
        assert driver.stdout is not None
        for line in driver.stdout:
            task, _, done = line.rstrip().rpartition(" ")
            if task == "Describing photos" and int(done) >= 2 * ROWS_A_SHARD:
                break
        driver.send_signal(signal.SIGKILL)
    assert driver.returncode == -signal.SIGKILL
    workers = [int(path.name.removeprefix("worker-")) for path in tmp_path.glob("worker-*")]
    assert workers
    _, left = psutil.wait_procs(
        [psutil.Process(pid) for pid in workers if psutil.pid_exists(pid)], timeout=20
    )
    assert not left
    assert partial_folder(tmp_path / "pack").is_dir()
    described = build(table, tmp_path / "pack", resume=True)
    assert described.references == PHOTOS
    assert read_manifest(tmp_path / "pack") == read_manifest(whole())
