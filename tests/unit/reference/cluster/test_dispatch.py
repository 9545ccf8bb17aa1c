"""The driver's side of a cluster, with workers that are this very process."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from geolocdesk.errors import ClusterError
from geolocdesk.features.extractor import Extractor
from geolocdesk.progress import Cancelled, Progress, ProgressCallback, ignore_progress
from geolocdesk.reference.build import BuildOptions, BuildResult, partial_folder
from geolocdesk.reference.cluster.connection import Answer, Cluster
from geolocdesk.reference.cluster.dispatch import describe_on
from geolocdesk.reference.cluster.shard import ShardTask, read_shard, write_shard
from geolocdesk.reference.cluster.worker import OpenExtractor, describe_shard
from geolocdesk.reference.manifest import read_manifest
from geolocdesk.reference.sources import open_source
from tests.doubles.extractor import HistogramExtractor
from tests.doubles.small_packs import build_small_pack
from tests.unit.reference.sources.photos import jpeg

PHOTOS = 45


def leave_alone(_task: ShardTask, _file: Path) -> None:
    pass


class HereCluster(Cluster):
    """Does every task in this process, at once, and lets a test meddle with what a worker wrote."""

    def __init__(self, meddle: Callable[[ShardTask, Path], None] = leave_alone) -> None:
        self.asked: list[str] = []
        self._meddle = meddle

    def worker_count(self) -> int:
        return 1

    def describe(
        self, tasks: Iterator[ShardTask], open_extractor: OpenExtractor, waiting: Callable[[], None]
    ) -> Iterator[Answer]:
        for task in tasks:
            waiting()
            self.asked.append(task.key)
            name = describe_shard(task, open_extractor, threads=1)
            self._meddle(task, task.folder / name)
            yield Answer(task, name)


class Opener:
    """Opens one extractor that counts what it describes."""

    def __init__(self) -> None:
        self.extractor = HistogramExtractor()

    def __call__(self, projection: Path | None, threads: int) -> Extractor:
        del projection, threads
        return self.extractor


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for number in range(PHOTOS):
        (folder / f"{number}.jpg").write_bytes(jpeg(number))
    rows = [f"{number}.jpg,{number},{number},{'' if number % 2 else 'p'}" for number in range(PHOTOS)]
    path = folder / "photos.csv"
    path.write_text("\n".join(["file,latitude,longitude,place", *rows, "absent.jpg,1,2,"]) + "\n")
    return path


def build(
    table: Path,
    out: Path,
    cluster: HereCluster | None = None,
    opener: Opener | None = None,
    *,
    resume: bool = False,
    thumbnails: bool = True,
    progress: ProgressCallback = ignore_progress,
) -> BuildResult:
    part = describe_on(cluster, opener or Opener(), rows_a_shard=10) if cluster else None
    return build_small_pack(
        open_source(table),
        out,
        options=BuildOptions(name="pack", resume=resume, thumbnails=thumbnails),
        progress=progress,
        describe_part=part,
    )


@pytest.mark.parametrize("thumbnails", [True, False])
def test_shards_make_the_pack_that_one_process_builds(table: Path, tmp_path: Path, thumbnails: bool) -> None:
    cluster = HereCluster()
    build(table, tmp_path / "pack", cluster, thumbnails=thumbnails)
    build(table, tmp_path / "whole", thumbnails=thumbnails)
    assert read_manifest(tmp_path / "pack") == read_manifest(tmp_path / "whole")
    assert len(cluster.asked) == 5


def test_a_shard_that_does_not_arrive_whole_is_made_again(table: Path, tmp_path: Path) -> None:
    damaged: set[str] = set()

    def damage_once(task: ShardTask, file: Path) -> None:
        if task.number == 2 and task.key not in damaged:
            damaged.add(task.key)
            file.write_bytes(file.read_bytes()[:-1] + b"?")

    cluster = HereCluster(damage_once)
    build(table, tmp_path / "pack", cluster)
    build(table, tmp_path / "whole")
    assert read_manifest(tmp_path / "pack") == read_manifest(tmp_path / "whole")
    assert len(cluster.asked) == 6


def test_a_shard_that_two_workers_wrote_differently_is_counted_once(table: Path, tmp_path: Path) -> None:
    def write_another(task: ShardTask, file: Path) -> None:
        batch = read_shard(task, file)
        photos = tuple(replace(item, vector=item.vector[::-1].copy()) for item in batch.photos)
        write_shard(task, [replace(batch, photos=photos)], dimension=80)
        assert len(list(task.folder.glob(f"{task.key}-*.shard"))) == 2

    build(table, tmp_path / "pack", HereCluster(write_another))
    build(table, tmp_path / "whole")
    assert read_manifest(tmp_path / "pack") == read_manifest(tmp_path / "whole")


def test_storage_that_never_gives_back_what_was_written_ends_the_build(table: Path, tmp_path: Path) -> None:
    def spoil(_task: ShardTask, file: Path) -> None:
        file.write_bytes(b"?")

    cluster = HereCluster(spoil)
    with pytest.raises(ClusterError, match="does not arrive"):
        build(table, tmp_path / "pack", cluster)
    assert len(cluster.asked) <= 4


def test_a_finished_shard_is_not_described_again_by_whoever_goes_on(table: Path, tmp_path: Path) -> None:
    """The driver dies with two shards recorded and one that only lies there."""

    class DyingCluster(HereCluster):
        def describe(
            self, tasks: Iterator[ShardTask], open_extractor: OpenExtractor, waiting: Callable[[], None]
        ) -> Iterator[Answer]:
            for number, answer in enumerate(super().describe(tasks, open_extractor, waiting)):
                if number == 2:
                    raise Cancelled
                yield answer

    first, second = Opener(), Opener()
    with pytest.raises(Cancelled):
        build(table, tmp_path / "pack", DyingCluster(), first)
    assert len(list((partial_folder(tmp_path / "pack") / "shards").glob("*.shard"))) == 1
    build(table, tmp_path / "pack", HereCluster(), second, resume=True)
    assert first.extractor.described + second.extractor.described == PHOTOS
    build(table, tmp_path / "whole")
    assert read_manifest(tmp_path / "pack") == read_manifest(tmp_path / "whole")


def test_one_process_goes_on_with_what_a_cluster_began(table: Path, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.task == "Describing photos" and progress.done >= 20:
            raise Cancelled

    with pytest.raises(Cancelled):
        build(table, tmp_path / "pack", HereCluster(), progress=stop)
    build(table, tmp_path / "pack", resume=True)
    build(table, tmp_path / "whole")
    assert read_manifest(tmp_path / "pack") == read_manifest(tmp_path / "whole")


def test_a_worker_that_does_not_see_the_photos_ends_the_build(table: Path, tmp_path: Path) -> None:
    class BlindCluster(HereCluster):
        def describe(
            self, tasks: Iterator[ShardTask], open_extractor: OpenExtractor, waiting: Callable[[], None]
        ) -> Iterator[Answer]:
            hidden = table.parent / "hidden"
            for task in tasks:
                (table.parent / "3.jpg").rename(hidden)
                try:
                    name = describe_shard(task, open_extractor, threads=1)
                finally:
                    hidden.rename(table.parent / "3.jpg")
                yield Answer(task, name)

    with pytest.raises(ClusterError, match=r"does not see .*3\.jpg"):
        build(table, tmp_path / "pack", BlindCluster())
