"""Describing one part of a build on a cluster: the driver's side."""

from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

from geolocdesk.errors import ClusterError
from geolocdesk.evidence.packed import PackedFile
from geolocdesk.features.embedding import DescriptorMap
from geolocdesk.features.extractor import Extractor
from geolocdesk.progress import Progress
from geolocdesk.provenance import current_program_version
from geolocdesk.reference.build import Building, DescribePart
from geolocdesk.reference.build_state import RejectedRow
from geolocdesk.reference.cluster.connection import Answer, Cluster
from geolocdesk.reference.cluster.shard import DamagedShardError, ShardTask, find_shard, read_shard
from geolocdesk.reference.cluster.worker import OpenExtractor
from geolocdesk.reference.describing import DescribedBatch
from geolocdesk.reference.sources.source import Source

ROWS_A_SHARD = 128
"""Seconds of work, so that little is lost with a worker and all of them end at much the same time."""

_MOST_TRIES = 3


def describe_on(
    cluster: Cluster, open_extractor: OpenExtractor, *, rows_a_shard: int = ROWS_A_SHARD
) -> DescribePart:
    """Return what describes a part of a build with a cluster's workers.

    Shards are recorded in the order of the source, each in one step, so the build is the one that a single
    process would have made, and goes on after a kill of either side where it was.
    """

    def describe(
        building: Building, source: Source, part: str, extractor: Extractor, wanted: Callable[[int], bool]
    ) -> None:
        dispatch = _Dispatch(
            cluster, open_extractor, building, part=part, extractor=extractor, rows_a_shard=rows_a_shard
        )
        dispatch.run(source, wanted)

    return describe


class _Dispatch:
    """One part of one build on its way through a cluster."""

    def __init__(
        self,
        cluster: Cluster,
        open_extractor: OpenExtractor,
        building: Building,
        *,
        part: str,
        extractor: Extractor,
        rows_a_shard: int,
    ) -> None:
        self._cluster = cluster
        self._open_extractor = open_extractor
        self._building = building
        self._part = part
        self._extractor_id = extractor.identity.extractor_id
        self._rows_a_shard = rows_a_shard
        self._finished = building.state.finished()
        self._done = len(self._finished)
        self._total = 0
        self._folder = building.state.folder.absolute() / "shards"
        self._folder.mkdir(exist_ok=True)
        self._projection = self._hand_out(extractor.projection)

    def run(self, source: Source, wanted: Callable[[int], bool]) -> None:
        """Have every wanted row described that is not finished yet, and record it."""
        self._total = source.count()
        self._report()
        for answer in self._answers(self._tasks(source, wanted)):
            self._record(answer.task, answer)

    def _tasks(self, source: Source, wanted: Callable[[int], bool]) -> Iterator[ShardTask]:
        """Yield the shards that are still to be recorded; which rows make one never changes."""
        numbered = enumerate(row for row in source.rows() if wanted(row.number))
        for number, group in groupby(numbered, key=lambda pair: pair[0] // self._rows_a_shard):
            rows = tuple(row for _, row in group if row.number not in self._finished)
            if rows:
                yield ShardTask(
                    number=number,
                    part=self._part,
                    rows=rows,
                    folder=self._folder,
                    extractor_id=self._extractor_id,
                    projection=self._projection,
                    thumbnails=self._building.options.thumbnails,
                    decoders=self._building.options.workers,
                    acquired_at=self._building.clock(),
                    program_version=current_program_version(),
                )

    def _answers(self, tasks: Iterator[ShardTask]) -> Iterator[Answer]:
        return self._cluster.describe(tasks, self._open_extractor, self._report)

    def _record(self, task: ShardTask, answer: Answer) -> None:
        batch = self._read(task, answer)
        self._check_seen(task, batch)
        photos = sorted(batch.photos, key=lambda item: item.photo.row)
        self._building.state.record(self._part, photos, batch.rejected)
        for path in self._folder.glob(f"{task.key}-*"):
            path.unlink(missing_ok=True)
        self._done += batch.rows
        self._report()

    def _read(self, task: ShardTask, answer: Answer) -> DescribedBatch:
        """Return a shard's content, having it made again where it did not arrive as it was sent off."""
        path: Path | None = self._folder / answer.file_name
        for _ in range(_MOST_TRIES):
            try:
                if path is not None:
                    return read_shard(task, path)
            except (DamagedShardError, OSError):
                (self._folder / answer.file_name).unlink(missing_ok=True)
            again = next(self._answers(iter([task])))
            path = find_shard(task) or self._folder / again.file_name
        message = (
            f"The shard {answer.file_name} does not arrive in {self._folder} as a worker wrote it; check the "
            "storage that the workers share with this machine."
        )
        raise ClusterError(message)

    def _check_seen(self, task: ShardTask, batch: DescribedBatch) -> None:
        """Raise ClusterError where a worker found no file that is there."""
        rows = {row.number: row for row in task.rows}
        for rejected in batch.rejected:
            photo = rows[rejected.number].path
            file = photo.container if isinstance(photo, PackedFile) else photo
            if _is_not_found(rejected) and file.is_file():
                message = (
                    f"A worker does not see {file}; the source must lie on storage that every worker reaches "
                    "under the same path."
                )
                raise ClusterError(message)

    def _hand_out(self, projection: DescriptorMap | None) -> Path | None:
        """Write the projection where the workers find it, once."""
        if projection is None:
            return None
        path = self._folder / f"projection-{projection.sha256}.safetensors"
        if not path.is_file():
            unfinished = path.with_suffix(".new")
            projection.save(unfinished)
            unfinished.replace(path)
        return path

    def _report(self) -> None:
        workers = self._cluster.worker_count()
        detail = f"{workers} worker{'' if workers == 1 else 's'}" if workers else "waiting for workers"
        self._building.progress(Progress("Describing photos", self._done, self._total, detail))


def _is_not_found(rejected: RejectedRow) -> bool:
    return rejected.reason.startswith("not_found:")
