"""What a worker of a cluster does: describe the rows of one shard and write it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from geolocdesk.errors import ClusterError
from geolocdesk.evidence.intake import Intake
from geolocdesk.features.embedding import load_descriptor_map
from geolocdesk.features.extractor import Extractor
from geolocdesk.features.model_pack import ModelRecord, extractor_from_record
from geolocdesk.provenance import JsonValue, current_program_version
from geolocdesk.reference.cluster.shard import ShardTask, find_shard, write_shard
from geolocdesk.reference.describing import describe_rows

OpenExtractor = Callable[[Path | None, int], Extractor]
"""Opens the model on a worker, followed by the projection in a file if there is one, for so many threads."""


@dataclass(frozen=True, slots=True)
class ModelOpener:
    """Opens the model of a record, whose files lie at the same path on every machine."""

    record: dict[str, JsonValue]
    device: str

    def __call__(self, projection: Path | None, threads: int) -> Extractor:
        """Return the extractor. Raises ModelError."""
        record = ModelRecord.from_json(self.record)
        given = load_descriptor_map(projection) if projection else None
        return extractor_from_record(record, given, device=self.device, threads=threads)


def describe_shard(task: ShardTask, open_extractor: OpenExtractor, *, threads: int) -> str:
    """Describe a shard unless it is there already, and return the name of its file.

    Raises ClusterError where this worker is not set up like the program that asks; ModelError; OSError.
    """
    if task.program_version != current_program_version():
        message = (
            f"A worker runs geolocdesk {current_program_version()} and not {task.program_version}; install the "
            "same version everywhere."
        )
        raise ClusterError(message)
    if not task.folder.is_dir():
        message = (
            f"A worker does not see {task.folder}; the folder of --out must lie on storage that every worker "
            "reaches under the same path."
        )
        raise ClusterError(message)
    finished = find_shard(task)
    if finished is not None:
        return finished.name
    extractor = _EXTRACTOR.get(task, open_extractor, threads)
    batches = list(
        describe_rows(
            task.rows,
            extractor,
            _intake(task.decoders),
            thumbnails=task.thumbnails,
            clock=lambda: task.acquired_at,
        )
    )
    return write_shard(task, batches, extractor.dimension).name


def _intake(decoders: int) -> Intake:
    """Return this thread's own intake: starting decoding processes for every shard would take longer than it."""
    intake: Intake | None = getattr(_OWN, "intake", None)
    if intake is None or _OWN.decoders != decoders:
        if intake is not None:
            intake.close()
        intake = Intake(workers=decoders)
        _OWN.intake, _OWN.decoders = intake, decoders
    return intake


def end_decoding() -> None:
    """End the decoding processes of this thread, which otherwise live as long as the process does."""
    intake: Intake | None = getattr(_OWN, "intake", None)
    if intake is not None:
        intake.close()
        _OWN.intake = None


_OWN = threading.local()


class _SharedExtractor:
    """The extractor of this worker, which its threads share, opened when it is first asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opened: tuple[OpenExtractor, Path | None, Extractor] | None = None

    def get(self, task: ShardTask, open_extractor: OpenExtractor, threads: int) -> Extractor:
        """Return the extractor that a task asks for. Raises ClusterError where this worker has another."""
        with self._lock:
            if self._opened is None or self._opened[:2] != (open_extractor, task.projection):
                opened = open_extractor(task.projection, threads)
                self._opened = (open_extractor, task.projection, opened)
            extractor = self._opened[2]
        if extractor.identity.extractor_id != task.extractor_id:
            message = (
                f"A worker's model is {extractor.identity.extractor_id} and not {task.extractor_id}; the model's "
                "files must be the same on every machine."
            )
            raise ClusterError(message)
        return extractor


_EXTRACTOR = _SharedExtractor()
