"""A trained model as a model folder."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.features.class_heads import ClassHead, ClassHeads, refine
from geolocdesk.features.embedding import Embedding, EmbeddingPart, Layer
from geolocdesk.features.model_folder import write_model
from geolocdesk.features.model_record import ModelRecord
from geolocdesk.features.networks import read_tensors
from geolocdesk.features.networks.learner import Learner
from geolocdesk.provenance import JsonValue
from geolocdesk.training.partition import Partition
from geolocdesk.training.plan import TrainingPlan
from geolocdesk.training.whitening import half_whitening, place_whitening


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What came of a training, ready to be written."""

    learner: Learner | None
    """None where nothing is learned step by step."""
    plan: TrainingPlan
    partitions: tuple[Partition, ...]
    positions: NDArray[np.float64]
    """float64[n, 2], of the photos that were learned from."""
    base_descriptors: NDArray[np.float32] | None
    """float32[n, D], what the backbone makes of them; only where a part of it is kept."""


def write_trained_model(
    folder: Path,
    trained: Trained,
    *,
    name: str,
    start: ModelRecord,
    recipe: Mapping[str, JsonValue],
    log: str,
) -> ModelRecord:
    """Write the model folder, complete or not at all, and return its record. Raises ModelError or OutputError."""
    embedding = _embedding(trained)
    cells = ", ".join(str(len(partition)) for partition in trained.partitions)
    told = (
        f"classification over {cells} cells" if trained.plan.loss == "classification" else trained.plan.loss
    )
    return write_model(
        folder,
        name=name,
        architecture=start.architecture,
        feature_maps=start.feature_maps,
        weights={
            **read_tensors(start.weights.read(), start.weights.locate()),
            **({} if trained.learner is None else trained.learner.tuned_weights()),
        },
        preparation=start.preparation,
        pooling=start.pooling,
        fits_projection=embedding is None and start.fits_projection and not trained.partitions,
        projection=embedding,
        licence=start.licence,
        source=f"{start.name}, trained further on {len(trained.positions)} photos by {told}; {start.source}",
        classes=_heads(trained, embedding),
        notes={
            "training.json": json.dumps(dict(recipe), indent=2, ensure_ascii=False) + "\n",
            "training.csv": log,
        },
    )


def _embedding(trained: Trained) -> Embedding | None:
    learned = None if trained.learner is None else trained.learner.embedding_part()
    parts = [] if learned is None else [learned]
    if trained.plan.keep > 0.0 and trained.base_descriptors is not None:
        mean, matrix = half_whitening(trained.base_descriptors)
        if trained.plan.whitening == "places":
            matrix = matrix @ place_whitening((trained.base_descriptors - mean) @ matrix, trained.positions)
        layer = Layer(np.asarray(matrix, np.float32), np.asarray(-(mean @ matrix), np.float32))
        parts.append(EmbeddingPart((layer,), trained.plan.keep))
    return Embedding(tuple(parts), len(trained.positions)) if parts else None


def _heads(trained: Trained, embedding: Embedding | None) -> ClassHeads | None:
    """Return the heads over the whole descriptor: its kept part says nothing to them."""
    if trained.plan.loss != "classification" or trained.learner is None:
        return None
    weights = trained.learner.head_weights()
    learned = weights[0][0].shape[1]
    beside = 0 if embedding is None else embedding.dimension - learned
    longer = float(np.hypot(1.0, trained.plan.keep)) if beside else 1.0
    cells = np.column_stack([partition.cells_of(trained.positions) for partition in trained.partitions])
    heads = tuple(
        ClassHead(
            partition.bounds.copy(),
            np.bincount(cells[:, number], minlength=len(partition)).astype(np.int64),
            np.asarray(np.pad(weight * longer, ((0, 0), (0, beside))), np.float32),
            bias,
        )
        for number, (partition, (weight, bias)) in enumerate(zip(trained.partitions, weights, strict=True))
    )
    return ClassHeads(heads, refine(tuple(head.bounds for head in heads), cells))
