"""A model folder: its description, its weights as safetensors, and its own projection where it has one."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import ModelError, OutputError
from geolocdesk.features.architecture import Pooling, architecture_named
from geolocdesk.features.class_heads import ClassHeads
from geolocdesk.features.embedding import DescriptorMap
from geolocdesk.features.fields import Fields
from geolocdesk.features.model_record import ModelClasses, ModelProjection, ModelRecord
from geolocdesk.features.preparation import Preparation
from geolocdesk.features.weights import WeightsSource, unreadable
from geolocdesk.provenance import (
    JsonValue,
    current_program_version,
    library_versions,
    sha256_of_bytes,
)

MANIFEST_NAME = "model.json"
WEIGHTS_NAME = "weights.safetensors"
ONNX_NAME = "network.onnx"
PROJECTION_NAME = "projection.safetensors"
CLASSES_NAME = "classes.safetensors"

_FORMAT = "geolocdesk-model"
_FORMAT_VERSION = 1
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_LARGEST_MANIFEST_BYTES = 1 << 20


def is_model_folder(path: Path) -> bool:
    """Tell whether a path is a folder with a model's description in it."""
    return (path / MANIFEST_NAME).is_file()


def write_model(
    folder: Path,
    *,
    name: str,
    architecture: str,
    weights: Mapping[str, NDArray[np.float32]] | bytes,
    preparation: Preparation,
    pooling: tuple[Pooling, ...],
    fits_projection: bool,
    projection: DescriptorMap | None,
    licence: str,
    source: str,
    classes: ClassHeads | None = None,
    notes: Mapping[str, str] | None = None,
    feature_maps: Mapping[str, int] | None = None,
    softmax_scale: float | None = None,
) -> ModelRecord:
    """Write a model folder, complete or not at all, and return its record.

    ``weights`` are tensors by name, or the bytes of an ONNX file. ``name`` is 1 to 64 of a–z, 0–9, dot, underscore and hyphen, and becomes part of the extractor's identity.
    ``notes`` are further text files, by name, for a reader; nothing in them decides a result. Raises ModelError where the description makes no sense, OutputError where ``folder`` exists or cannot be
    written.
    """
    if not _NAME.fullmatch(name):
        message = f"“{name}” cannot name a model: use 1 to 64 of a–z, 0–9, dot, underscore and hyphen."
        raise ModelError(message)
    architecture_named(architecture, feature_maps).dimension(pooling)
    if folder.exists():
        message = f"{folder} exists already; name a new folder for the model."
        raise OutputError(message)
    content = weights if isinstance(weights, bytes) else _safetensors_bytes(weights)
    weights_name = ONNX_NAME if isinstance(weights, bytes) else WEIGHTS_NAME
    record = ModelRecord(
        name=name,
        architecture=architecture,
        weights=WeightsSource(str(folder.absolute() / weights_name), sha256_of_bytes(content)),
        preparation=preparation,
        pooling=pooling,
        fits_projection=fits_projection,
        projection=None if projection is None else _projection_record(folder, projection),
        licence=licence,
        source=source,
        classes=None if classes is None else _classes_record(folder, classes),
        feature_maps=dict(feature_maps or {}),
        softmax_scale=softmax_scale,
    )
    staging = folder.with_name(f".{folder.name}.partial")
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        (staging / weights_name).write_bytes(content)
        if projection is not None:
            projection.save(staging / PROJECTION_NAME)
        if classes is not None:
            classes.save(staging / CLASSES_NAME)
        for file, text in (notes or {}).items():
            (staging / file).write_text(text, encoding="utf-8")
        (staging / MANIFEST_NAME).write_text(_manifest_text(record), encoding="utf-8")
        staging.rename(folder)
    except OSError as error:
        shutil.rmtree(staging, ignore_errors=True)
        message = f"The model folder {folder} could not be written ({error.strerror or error}); check its parent folder."
        raise OutputError(message) from error
    return record


def read_model(folder: Path) -> ModelRecord:
    """Return the record of a model folder; its files' hashes are checked when it is opened. Raises ModelError."""
    path = folder / MANIFEST_NAME
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST_MANIFEST_BYTES + 1)
    except OSError as error:
        raise unreadable(path, error) from error
    try:
        value: JsonValue = json.loads(content) if len(content) <= _LARGEST_MANIFEST_BYTES else None
    except (ValueError, RecursionError) as error:
        message = f"The model's description {path} is damaged; restore it from the original."
        raise ModelError(message) from error
    if not isinstance(value, dict) or value.get("format") != _FORMAT:
        message = f"{path} does not describe a model of this program."
        raise ModelError(message)
    fields = Fields(value, "description")
    if fields.count("format_version") > _FORMAT_VERSION:
        message = (
            f"The model {folder} was written by a newer version of this program; update it to use the model."
        )
        raise ModelError(message)
    return _located(folder, fields)


def _located(folder: Path, fields: Fields) -> ModelRecord:
    """Return the record with the folder's own files in place of the names in the description."""
    weights = Fields(fields.mapping("weights"), "weights")
    own = fields.optional_mapping("projection")
    described = {
        **fields.values,
        "weights": WeightsSource(
            str(folder.absolute() / _own_name(weights, "file")), weights.text("sha256")
        ).to_json(),
        "projection": None,
        "classes": None,
    }
    if own is not None:
        projection = Fields(own, "projection")
        described["projection"] = ModelProjection(
            str(folder.absolute() / _own_name(projection, "file")),
            projection.text("sha256"),
            projection.count("dimension"),
        ).to_json()
    if fields.values.get("classes") is not None:
        classes = Fields(fields.mapping("classes"), "classes")
        described["classes"] = ModelClasses(
            str(folder.absolute() / _own_name(classes, "file")),
            classes.text("sha256"),
            classes.counts("cells"),
        ).to_json()
    return ModelRecord.from_json(described)


def _own_name(fields: Fields, name: str) -> str:
    """Return a file's name, which must lie in the folder itself."""
    file = fields.text(name)
    if file in {WEIGHTS_NAME, ONNX_NAME, PROJECTION_NAME, CLASSES_NAME}:
        return file
    raise fields.fault(name, f"is not {WEIGHTS_NAME}, {ONNX_NAME}, {PROJECTION_NAME} or {CLASSES_NAME}")


def _manifest_text(record: ModelRecord) -> str:
    libraries: dict[str, JsonValue] = dict(library_versions())
    projection: JsonValue = None
    if record.projection is not None:
        projection = {
            "file": PROJECTION_NAME,
            "sha256": record.projection.sha256,
            "dimension": record.projection.dimension,
        }
    classes: JsonValue = None
    if record.classes is not None:
        cells: list[JsonValue] = [*record.classes.cells]
        classes = {"file": CLASSES_NAME, "sha256": record.classes.sha256, "cells": cells}
    manifest: dict[str, JsonValue] = {
        "format": _FORMAT,
        "format_version": _FORMAT_VERSION,
        **record.to_json(),
        "weights": {"file": Path(record.weights.path).name, "sha256": record.weights.sha256},
        "projection": projection,
        "classes": classes,
        "created_with": {"program_version": current_program_version(), "libraries": libraries},
    }
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def _projection_record(folder: Path, projection: DescriptorMap) -> ModelProjection:
    return ModelProjection(str(folder.absolute() / PROJECTION_NAME), projection.sha256, projection.dimension)


def _classes_record(folder: Path, classes: ClassHeads) -> ModelClasses:
    cells = tuple(len(head) for head in classes.heads)
    return ModelClasses(str(folder.absolute() / CLASSES_NAME), classes.sha256, cells)


def _safetensors_bytes(weights: Mapping[str, NDArray[np.float32]]) -> bytes:
    from safetensors.numpy import save

    return save({name: np.ascontiguousarray(values, np.float32) for name, values in weights.items()})
