"""What a worker does with one shard."""

from dataclasses import replace
from pathlib import Path

import pytest

from geolocdesk.errors import ClusterError
from geolocdesk.features.extractor import Extractor
from geolocdesk.geodesy import Position
from geolocdesk.provenance import current_program_version
from geolocdesk.reference.cluster.shard import DamagedShardError, ShardTask, find_shard, read_shard
from geolocdesk.reference.cluster.worker import describe_shard
from geolocdesk.reference.sources.source import SourceRow
from tests.doubles.extractor import HistogramExtractor
from tests.unit.reference.sources.photos import jpeg


def opened(projection: Path | None, threads: int) -> Extractor:
    del projection, threads
    return HistogramExtractor()


def task_in(folder: Path) -> ShardTask:
    rows = []
    for number in range(4):
        (folder / f"{number}.jpg").write_bytes(jpeg(number))
        rows.append(
            SourceRow(
                number + 7,
                f"{number}.jpg",
                folder / f"{number}.jpg",
                f"ß{number}",
                Position(1.1, 2.3),
                place="p",
            )
        )
    rows.append(replace(rows[0], number=11, path=folder / "absent.jpg"))
    return ShardTask(
        number=3,
        part="rest",
        rows=tuple(rows),
        folder=folder,
        extractor_id=HistogramExtractor().identity.extractor_id,
        projection=None,
        thumbnails=True,
        decoders=1,
        acquired_at="2026-01-02T03:04:05+00:00",
        program_version=current_program_version(),
    )


def test_a_shard_holds_all_that_a_build_needs(tmp_path: Path) -> None:
    task = task_in(tmp_path)
    name = describe_shard(task, opened, threads=1)
    batch = read_shard(task, tmp_path / name)
    assert [item.photo.row for item in batch.photos] == [7, 8, 9, 10]
    assert [(row.number, row.reason.partition(":")[0]) for row in batch.rejected] == [(11, "not_found")]
    photo = batch.photos[1].photo
    assert (photo.reference_id, photo.position, photo.place) == ("ß1", Position(1.1, 2.3), "p")
    assert batch.photos[1].thumbnail
    assert batch.photos[1].thumbnail.startswith(b"\xff\xd8")
    assert batch.photos[1].vector.shape == (80,)
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".jpg"] == [name]


def test_a_shard_that_is_there_is_not_described_again(tmp_path: Path) -> None:
    task = task_in(tmp_path)
    name = describe_shard(task, opened, threads=1)
    before = (tmp_path / name).stat().st_mtime_ns
    assert describe_shard(task, opened, threads=1) == name
    assert (tmp_path / name).stat().st_mtime_ns == before
    other = replace(task, rows=task.rows[1:])
    assert find_shard(other) is None
    assert describe_shard(other, opened, threads=1) != name


def test_a_damaged_shard_is_none(tmp_path: Path) -> None:
    task = task_in(tmp_path)
    path = tmp_path / describe_shard(task, opened, threads=1)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedShardError, match="was changed"):
        read_shard(task, path)
    assert find_shard(task) is None
    assert not path.exists()


def test_a_shard_of_other_rows_is_refused(tmp_path: Path) -> None:
    task = task_in(tmp_path)
    path = tmp_path / describe_shard(task, opened, threads=1)
    other = replace(task, rows=task.rows[:3])
    taken = tmp_path / path.name.replace(task.key, other.key)
    path.rename(taken)
    with pytest.raises(DamagedShardError, match="other rows"):
        read_shard(other, taken)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"program_version": "0.0.1"}, "same version"),
        ({"folder": Path("/absent")}, "does not see"),
        ({"extractor_id": "another-000000000000"}, "must be the same on every machine"),
    ],
)
def test_a_worker_that_is_set_up_otherwise_says_so(
    tmp_path: Path, change: dict[str, str | Path], reason: str
) -> None:
    task = replace(task_in(tmp_path), **change)  # type: ignore[arg-type]  # fields of the task
    with pytest.raises(ClusterError, match=reason):
        describe_shard(task, opened, threads=1)
