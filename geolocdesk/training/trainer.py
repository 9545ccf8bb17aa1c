"""Training from the first step to the last, the way a run can be stopped at any moment and gone on with.

Whatever is drawn at random follows from the seed and the number of the step or epoch, so a checkpoint is the
weights, the optimiser's state and that number.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import TrainingError
from geolocdesk.estimation.location import LEVELS
from geolocdesk.features.networks.learner import Learner
from geolocdesk.geodesy import great_circle_km
from geolocdesk.progress import Progress, ProgressCallback
from geolocdesk.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from geolocdesk.training.partition import Partition
from geolocdesk.training.plan import TrainingPlan
from geolocdesk.training.rows import Rows
from geolocdesk.training.schedule import rate_at
from geolocdesk.training.targets import CellTargets, epoch_order, showing_chances
from geolocdesk.training.training_log import EpochRecord, TrainingLog
from geolocdesk.training.triplets import Likeness, Triplets, draw_triplets, epoch_triplets

CHECKPOINT_STEPS = 200
"""Long epochs are kept every so many steps, too."""

_DESCRIBED_AT_ONCE = 256
_SEEDS = 1 << 31


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSet:
    """Photos as numbers of rows, and what is known of them."""

    rows: Rows
    positions: NDArray[np.float64]
    partitions: tuple[Partition, ...]
    taught: NDArray[np.int64]
    """The photos that are learned from …"""
    kept_apart: NDArray[np.int64]
    """… and those of other places and photographers that are judged by."""


@dataclass(frozen=True, slots=True)
class Processes:
    """How many processes train together, and which of them this is."""

    count: int = 1
    rank: int = 0

    def part_of(self, photos: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return this process's share of a batch; all shares are equally large."""
        size = len(photos) // self.count
        return photos[self.rank * size : (self.rank + 1) * size]

    @property
    def is_first(self) -> bool:
        """Return whether this is the one that writes."""
        return self.rank == 0


class Trainer:
    """Runs the steps. Checkpoints are written at the end of epochs and every so many steps."""

    def __init__(
        self,
        plan: TrainingPlan,
        training_set: TrainingSet,
        learner: Learner,
        folder: Path,
        *,
        processes: Processes | None = None,
        watch: Callable[[EpochRecord], None] = lambda _record: None,
        progress: ProgressCallback,
    ) -> None:
        self._plan = plan
        self._set = training_set
        self._learner = learner
        self._folder = folder
        self._processes = processes or Processes()
        self._watch = watch
        self._progress = progress
        self._targets = [
            CellTargets(partition, training_set.positions, plan.smooth_km)
            for partition in training_set.partitions
        ]
        cells = [targets.cells[training_set.taught] for targets in self._targets]
        self._chances = showing_chances(cells, plan.balance)

    def run(self) -> TrainingLog:
        """Train to the last step, from the last checkpoint on, and return the log.

        Raises TrainingError where the loss is no longer a number, and OutputError where nothing more can be
        written; the last checkpoint is kept in either case.
        """
        checkpoint = read_checkpoint(self._folder) or Checkpoint(0, b"")
        if checkpoint.step:
            self._learner.restore(checkpoint.state)
        per_epoch, done = self._epoch_steps(), checkpoint.step
        begun, within = divmod(done, per_epoch)
        log = TrainingLog(self._folder / "training.csv", begun)
        self._progress(Progress("Training", done, self._total_steps()))
        losses = checkpoint.losses
        for epoch in range(begun, self._plan.epochs):
            for number, batch in enumerate(self._batches(epoch)):
                if number < within:
                    continue
                losses += self._step(batch, epoch, epoch * per_epoch + number)
                if (number + 1) % CHECKPOINT_STEPS == 0 and number + 1 < per_epoch:
                    self._keep(epoch * per_epoch + number + 1, losses)
            self._end_epoch(log, epoch, losses / per_epoch)
            within, losses = 0, 0.0
        return log

    def _epoch_steps(self) -> int:
        return max(1, len(self._set.taught) // self._plan.batch)

    def _total_steps(self) -> int:
        return self._plan.epochs * self._epoch_steps()

    def _batches(self, epoch: int) -> Sequence["NDArray[np.int64] | Triplets"]:
        """Return an epoch's batches, of a size that all processes can share equally."""
        if self._plan.loss == "classification":
            order = epoch_order(self._set.taught, self._chances, seed=self._plan.seed, epoch=epoch)
            return np.split(order[: self._epoch_steps() * self._batch_size()], self._epoch_steps())
        triplets = epoch_triplets(
            self._folder / f"triplets-{self._processes.rank}.npz", epoch, lambda: self._triplets(epoch)
        )
        places = np.resize(np.arange(len(triplets)), self._epoch_steps() * self._batch_size())
        return [
            Triplets(triplets.anchors[part], triplets.similar[part], triplets.different[part])
            for part in np.split(places, self._epoch_steps())
        ]

    def _batch_size(self) -> int:
        size = min(self._plan.batch, len(self._set.taught))
        return max(1, size // self._processes.count) * self._processes.count

    def _triplets(self, epoch: int) -> Triplets:
        cells = self._targets[0].cells if self._plan.similar == "class" and self._targets else None
        likeness = Likeness(self._set.positions, cells, self._plan.similar_km, self._plan.different_km)
        return draw_triplets(
            self._set.taught,
            self.described(self._set.taught),
            likeness,
            mined=self._plan.mined,
            seed=self._plan.seed,
            epoch=epoch,
        )

    def _step(self, batch: "NDArray[np.int64] | Triplets", epoch: int, step: int) -> float:
        total = self._total_steps()
        rate = rate_at(step, total, self._plan)
        seed = int(np.random.default_rng([self._plan.seed, step, self._processes.rank, 4]).integers(_SEEDS))
        if isinstance(batch, Triplets):
            groups = [
                self._processes.part_of(each) for each in (batch.anchors, batch.similar, batch.different)
            ]
            rows = [self._set.rows.shown(group, epoch) for group in groups]
            loss = self._learner.rank(rows[0], rows[1], rows[2], rate=rate, seed=seed)
        else:
            shown, targets = self._mixed(self._processes.part_of(batch), epoch, step)
            loss = self._learner.classify(shown, targets, rate=rate, seed=seed)
        if not math.isfinite(loss):
            message = (
                f"The loss is no longer a number at step {step + 1} of {total}: the training has run away. The last "
                f"checkpoint and the log are kept in {self._folder}; begin anew with a lower --rate."
            )
            raise TrainingError(message)
        detail = f"epoch {epoch + 1} of {self._plan.epochs}, loss {loss:.3f}"
        self._progress(Progress("Training", step + 1, total, detail))
        return loss

    def _mixed(
        self, batch: NDArray[np.int64], epoch: int, step: int
    ) -> tuple[NDArray[Any], list[NDArray[Any]]]:
        """Return a batch's rows and targets, pairs of photos mixed where the plan says so."""
        rows = self._set.rows.shown(batch, epoch)
        targets: list[NDArray[Any]] = [targets.of(batch) for targets in self._targets]
        if self._plan.mix == 0.0:
            return rows, targets
        generator = np.random.default_rng([self._plan.seed, step, self._processes.rank, 5])
        share = generator.beta(self._plan.mix, self._plan.mix)
        other = generator.permutation(len(batch))
        shares = [
            target if target.ndim == 2 else np.eye(len(partition), dtype=np.float32)[target]
            for target, partition in zip(targets, self._set.partitions, strict=True)
        ]
        wide = rows.astype(np.float32)
        return (
            np.asarray(share * wide + (1.0 - share) * wide[other], np.float32),
            [np.asarray(share * each + (1.0 - share) * each[other], np.float32) for each in shares],
        )

    def _keep(self, done: int, losses: float) -> None:
        if self._processes.is_first:
            write_checkpoint(self._folder, Checkpoint(done, self._learner.state(), losses))

    def _end_epoch(self, log: TrainingLog, epoch: int, loss: float) -> None:
        done = (epoch + 1) * self._epoch_steps()
        record = EpochRecord(
            epoch=epoch + 1,
            steps=done,
            rate=rate_at(done - 1, self._total_steps(), self._plan),
            loss=loss,
            validation=self._judge(),
        )
        if self._processes.is_first:
            log.add(record)
            self._watch(record)
        self._keep(done, 0.0)

    def described(self, photos: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return float32[n, d], the descriptors of photos as they are, as learned so far."""
        return np.concatenate([self._learner.describe(self._set.rows.plain(few)) for few in _few(photos)])

    def base_descriptors(self, photos: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return float32[n, D], what the backbone as learned so far makes of photos as they are."""
        return np.concatenate(
            [self._learner.base_descriptors(self._set.rows.plain(few)) for few in _few(photos)]
        )

    def _judge(self) -> dict[str, float]:
        """Return, in percent, how many of the photos kept apart are right within each level, by each method."""
        photos = self._set.kept_apart
        if len(photos) == 0 or not self._processes.is_first:
            return {}
        truth = self._set.positions[photos]
        found: dict[str, float] = {}
        scores = [self._learner.scores(self._set.rows.plain(few)) for few in _few(photos)]
        for number, partition in enumerate(self._set.partitions):
            best = np.concatenate([few[number] for few in scores]).argmax(axis=1) if scores[0] else None
            if best is not None:
                found |= _percent(f"C{len(partition)}", partition.centres()[best], truth)
        nearest = _nearest(self.described(photos), self.described(self._set.taught))
        return found | _percent("NN", self._set.positions[self._set.taught][nearest], truth)


def _few(photos: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [photos[start : start + _DESCRIBED_AT_ONCE] for start in range(0, len(photos), _DESCRIBED_AT_ONCE)]


def _nearest(queries: NDArray[np.float32], references: NDArray[np.float32]) -> NDArray[np.int64]:
    found = [
        (queries[start : start + _DESCRIBED_AT_ONCE] @ references.T).argmax(axis=1)
        for start in range(0, len(queries), _DESCRIBED_AT_ONCE)
    ]
    return np.concatenate(found).astype(np.int64)


def _percent(name: str, answers: NDArray[np.float64], truth: NDArray[np.float64]) -> dict[str, float]:
    errors_km = great_circle_km(truth[:, 0], truth[:, 1], answers[:, 0], answers[:, 1])
    return {
        f"{name} {level.radius_km:g} km": 100.0 * float((errors_km <= level.radius_km).mean())
        for level in LEVELS
    }
