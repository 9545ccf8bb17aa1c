"""From a table of photos and files of cells to a trained model folder."""

import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import ModelError, UsageError
from geolocdesk.features.embedding import Embedding, load_descriptor_map
from geolocdesk.features.model_pack import class_heads_of, extractor_from_record
from geolocdesk.features.model_record import ModelRecord
from geolocdesk.progress import ProgressCallback
from geolocdesk.provenance import JsonValue, sha256_of_file
from geolocdesk.training.cache import cache_folders
from geolocdesk.training.cells_file import read_cells
from geolocdesk.training.checkpoint import open_work, work_folder
from geolocdesk.training.model_out import Trained, write_trained_model
from geolocdesk.training.partition import Partition
from geolocdesk.training.photos import TrainingPhotos, choose_validation
from geolocdesk.training.pictures import Pictures, decode_photos
from geolocdesk.training.plan import FREEZE_ALL, TrainingPlan
from geolocdesk.training.rows import Compute, LiveRows, Rows, store_rows
from geolocdesk.training.targets import check_classes
from geolocdesk.training.trainer import Processes, Trainer, TrainingSet
from geolocdesk.training.training_log import EpochRecord

if TYPE_CHECKING:
    from geolocdesk.features.networks.learner import Learner
    from geolocdesk.features.networks.session import Session
    from geolocdesk.features.networks.trainable import TrainableBackbone


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """The finished model, and what there is to say about the photos it was trained on."""

    record: ModelRecord
    taught: int
    kept_apart: int
    grouped_by: str
    empty_cells: tuple[int, ...]
    """For each partition, how many cells held no photo that was learned from."""
    rejected: tuple[str, ...]


def train(
    photos: TrainingPhotos,
    cells: Sequence[Path],
    out: Path,
    plan: TrainingPlan,
    *,
    start: ModelRecord,
    session: "Session",
    clock: Callable[[], str],
    name: str = "",
    resume: bool = False,
    cache: Path | None = None,
    workers: int = 1,
    watch: Callable[[EpochRecord], None] = lambda _record: None,
    progress: ProgressCallback,
) -> TrainingResult:
    """Train from the model ``start`` and write the model folder ``out``.

    Unfinished work lies in ``OUT.partial`` and is gone on with where ``resume`` says so; the weights are then those
    of a training that never stopped. Decoded photos and what a frozen network makes of them are kept in ``cache`` for
    other trainings, or beside the unfinished work. Raises UsageError, SourceError, ModelError, TrainingError and OutputError.
    """
    partitions = tuple(sorted(map(read_cells, cells), key=len))
    _check_partitions(partitions, plan)
    recipe = _recipe(photos, partitions, cells, plan, start)
    if session.rank == 0:
        open_work(out, recipe, resume=resume)
    session.wait_for_all()
    folder = work_folder(out)
    kept_in = (folder, folder) if cache is None else cache_folders(cache, photos, plan, start)
    workplace = _Workplace(plan, start, session, *kept_in, clock=clock, workers=workers, progress=progress)
    if session.rank == 0:
        workplace.prepare(photos)
    session.wait_for_all()
    readable, rows, backbone = workplace.prepare(photos)
    kept_apart = choose_validation(readable, plan.validation, plan.seed)
    training_set = TrainingSet(
        rows, readable.positions, partitions, np.flatnonzero(~kept_apart), np.flatnonzero(kept_apart)
    )
    empty = tuple(
        check_classes(
            partition, partition.cells_of(readable.positions[~kept_apart]), f"{len(partition)} cells"
        )
        for partition in partitions
    )
    learner: Learner | None = None
    log, base = "", None
    if plan.loss == "whitening":
        base = np.asarray(rows.plain(training_set.taught), np.float32)
    else:
        learner = _learner(plan, partitions, start, backbone, session)
        trainer = Trainer(
            plan,
            training_set,
            learner,
            folder,
            processes=Processes(session.count, session.rank),
            watch=watch,
            progress=progress,
        )
        log = trainer.run().text()
        if plan.keep > 0.0:
            base = trainer.base_descriptors(training_set.taught)
    record = start
    if session.rank == 0:
        trained = Trained(
            learner,
            plan,
            partitions,
            readable.positions[training_set.taught],
            base,
        )
        record = write_trained_model(
            out, trained, name=name or _name_of(out), start=start, recipe=recipe, log=log
        )
        shutil.rmtree(folder, ignore_errors=True)
    session.wait_for_all()
    return TrainingResult(
        record=record,
        taught=len(training_set.taught),
        kept_apart=len(training_set.kept_apart),
        grouped_by=readable.grouped_by,
        empty_cells=empty,
        rejected=readable.rejected,
    )


def _check_partitions(partitions: Sequence[Partition], plan: TrainingPlan) -> None:
    counts = [len(partition) for partition in partitions]
    if len(set(counts)) != len(counts):
        message = f"Two files of cells have as many cells ({max(counts, key=counts.count)}); heads are told apart by that."
        raise UsageError(message)
    if plan.loss == "classification" and not partitions:
        message = "Classification needs --cells: one file that geolocdesk partition wrote for each head."
        raise UsageError(message)
    if plan.loss != "classification" and plan.similar == "class" and len(partitions) != 1:
        message = "--similar class needs one file of --cells, which says what the classes are."
        raise UsageError(message)


def _recipe(
    photos: TrainingPhotos,
    partitions: Sequence[Partition],
    cells: Sequence[Path],
    plan: TrainingPlan,
    start: ModelRecord,
) -> dict[str, JsonValue]:
    """Return everything that decides the weights, for the unfinished work and for the model."""
    files: list[JsonValue] = [*sorted(sha256_of_file(path) for path in cells)]
    counts: list[JsonValue] = [len(partition) for partition in partitions]
    return {
        "photos": photos.sha256,
        "photos_count": len(photos),
        "cells": counts,
        "cells_sha256": files,
        "plan": plan.to_json(),
        "model": start.identity().sha256,
        "model_projection": None if start.projection is None else start.projection.sha256,
        "model_classes": None if start.classes is None else start.classes.sha256,
    }


@dataclass(frozen=True, slots=True)
class _Workplace:
    """Where, with what and for whom photos are made ready."""

    plan: TrainingPlan
    start: ModelRecord
    session: "Session"
    pictures: Path
    rows: Path
    clock: Callable[[], str]
    workers: int
    progress: ProgressCallback

    def prepare(self, photos: TrainingPhotos) -> "tuple[TrainingPhotos, Rows, TrainableBackbone | None]":
        """Return the readable photos, their rows, and the part of the backbone that is learned."""
        readable, pictures = decode_photos(
            photos,
            self.start.preparation.rendition,
            self.pictures,
            kinds=self.plan.augmentation,
            seed=self.plan.seed,
            clock=self.clock,
            workers=self.workers,
            progress=self.progress,
        )
        if self.plan.freeze == FREEZE_ALL:
            with closing(_bare_extractor(self.start, str(self.session.torch_device))) as extractor:
                return (
                    readable,
                    self._stored(pictures, extractor.describe, extractor.dimension, "float32"),
                    None,
                )
        from geolocdesk.features.networks.trainable import open_trainable

        backbone = open_trainable(self.start, int(self.plan.freeze), self.session.torch_device)
        apply = self.start.preparation.normalisation.apply

        def compute(versions: NDArray[np.uint8]) -> NDArray[Any]:
            return backbone.lower(apply(versions))

        if backbone.frozen == 0:
            return readable, LiveRows(pictures, compute, self.plan.views, self.plan.seed), backbone
        return readable, self._stored(pictures, compute, backbone.row_length, "float16"), backbone

    def _stored(self, pictures: Pictures, compute: Compute, length: int, dtype: str) -> Rows:
        return store_rows(
            pictures,
            compute,
            self.rows,
            length=length,
            dtype=dtype,
            views=self.plan.views,
            seed=self.plan.seed,
            progress=self.progress,
        )


def _bare_extractor(start: ModelRecord, device: str) -> Any:  # noqa: ANN401 - an Extractor that closes
    """Return the model's network alone: what a model learned before is learned further, not repeated."""
    return extractor_from_record(replace(start, projection=None, classes=None), None, device=device)


def _learner(
    plan: TrainingPlan,
    partitions: Sequence[Partition],
    start: ModelRecord,
    backbone: "TrainableBackbone | None",
    session: "Session",
) -> "Learner":
    """Return the learner, begun from what the model has learned before where that fits.

    Raises ModelError where the model's embedding has other layers, or is a projection.
    """
    from geolocdesk.features.networks.learner import Learner, LearnerPlan

    heads = partitions if plan.loss == "classification" else ()
    learner = Learner(
        LearnerPlan(
            inputs=start.identity().dimension,
            widths=plan.widths,
            cells=tuple(len(partition) for partition in heads),
            loss=plan.loss,
            margin=plan.margin,
            dropout=plan.dropout,
            weight_decay=plan.weight_decay,
            backbone_rate=plan.backbone_rate,
            mixed_precision=plan.mixed_precision,
            seed=plan.seed,
        ),
        backbone,
        session.torch_device,
    )
    try:
        learner.start_from(_known_embedding(start), _known_heads(start, heads, learner))
    except ValueError as error:
        message = f"The model {start.name} cannot be gone on with like this: {error}; see --embedding."
        raise ModelError(message) from error
    return learner


def _known_embedding(start: ModelRecord) -> Embedding | None:
    if start.projection is None:
        return None
    embedding = load_descriptor_map(Path(start.projection.path))
    if not isinstance(embedding, Embedding):
        message = (
            f"The model {start.name} ends in a projection, which cannot be trained further; start from the model it "
            "was made of."
        )
        raise ModelError(message)
    return embedding


def _known_heads(
    start: ModelRecord, partitions: Sequence[Partition], learner: "Learner"
) -> "list[tuple[NDArray[np.float32], NDArray[np.float32]] | None]":
    """Return, for each partition, the model's own head for the same cells where it has one."""
    known = class_heads_of(start)
    found: list[tuple[NDArray[np.float32], NDArray[np.float32]] | None] = []
    for partition, (weight, _) in zip(partitions, learner.head_weights(), strict=True):
        same = [
            head
            for head in (known.heads if known else ())
            if np.array_equal(head.bounds, partition.bounds) and head.weight.shape == weight.shape
        ]
        found.append((same[0].weight.copy(), same[0].bias.copy()) if same else None)
    return found


def _name_of(out: Path) -> str:
    """Return a model's name from its folder's: what a name may not hold becomes a hyphen."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in out.name.lower())
    return plain.strip("-")[:64] or "trained"
