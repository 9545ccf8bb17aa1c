"""Where decoded photos and what a frozen network makes of them are kept for other trainings."""

import hashlib
from pathlib import Path

import numpy as np

from geolocdesk.features.model_record import ModelRecord
from geolocdesk.features.networks import read_tensors
from geolocdesk.provenance import JsonValue, sha256_of_json
from geolocdesk.training.photos import TrainingPhotos
from geolocdesk.training.plan import TrainingPlan


def cache_folders(
    cache: Path, photos: TrainingPhotos, plan: TrainingPlan, start: ModelRecord
) -> tuple[Path, Path]:
    """Return the folders of the photos' pictures and rows in a cache, named by all that decides them.

    A model that was trained with its whole network frozen has the network of the model it began from, so both
    share their rows. Raises ModelError where the weights cannot be read.
    """
    pictures: dict[str, JsonValue] = {
        "photos": photos.sha256,
        "rendition": start.preparation.rendition.to_json(),
        "larger": bool(plan.augmentation),
    }
    rows: dict[str, JsonValue] = {
        **pictures,
        "normalisation": start.preparation.normalisation.to_json(),
        "architecture": start.architecture,
        "tensors": _tensors_sha256(start),
        "precision": start.precision,
        "pooling": [part.to_json() for part in start.pooling],
        "freeze": plan.freeze,
        "augmentation": [*plan.augmentation],
        "views": plan.views,
        "seed": plan.seed if plan.views != 1 else None,
    }
    return cache / f"pictures-{sha256_of_json(pictures)[:16]}", cache / f"rows-{sha256_of_json(rows)[:16]}"


def _tensors_sha256(start: ModelRecord) -> str:
    """Return a hash of a network's weights, whatever kind of file they lie in."""
    digest = hashlib.sha256()
    for name, tensor in sorted(read_tensors(start.weights.read(), start.weights.locate()).items()):
        # safetensors keep a single number as a row of one
        digest.update(f"{name} {list(np.atleast_1d(tensor).shape)}\n".encode())
        digest.update(tensor.astype("<f4").tobytes())
    return digest.hexdigest()
