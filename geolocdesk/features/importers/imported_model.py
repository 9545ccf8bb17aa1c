"""The last steps that every import shares: a name, a pooling, a projection where one is asked for, a folder."""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import ModelError, UsageError
from geolocdesk.evidence.intake import Intake, TakenIn, expand_paths
from geolocdesk.features.architecture import IMPORTED_PREFIXES, Pooling
from geolocdesk.features.importers.netvlad import begin_netvlad, drawn_positions, seeded
from geolocdesk.features.importers.picture_preparation import described_preparation
from geolocdesk.features.model_folder import write_model
from geolocdesk.features.model_pack import extractor_from_record
from geolocdesk.features.model_record import ModelRecord
from geolocdesk.features.networks import TENSORS_PREFIX, load_network
from geolocdesk.features.preparation import Preparation
from geolocdesk.features.projection import Projection, fit_projection
from geolocdesk.progress import Progress, ProgressCallback, ignore_progress

MOST_SAMPLE_PHOTOS = 4096
_BATCH = 16


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What a user may say about a model besides where it lies."""

    architecture: str | None = None
    side_px: int | None = None
    pooling: str | None = None
    photos: Path | None = None
    """A folder of sample photos, from which centroids and principal components are learned."""
    components: int | None = None
    """How many principal components a descriptor is cut to; None for all of it."""
    whitening: float = 0.5
    """0 to 1: the power of its standard deviation by which each component is divided."""
    projection: Path | None = None
    """A file of a projection that was fitted elsewhere."""
    fits_projection: bool = False
    """Whether each new pack fits a projection of its own."""
    mean_bgr: tuple[float, float, float] | None = None
    """What is taken off each channel for a ``.caffemodel``, 0–255."""
    preparation: Path | None = None
    """For ONNX: the file that says how pictures are prepared."""
    clip: Path | None = None
    """For GeoCLIP: the folder of its image tower."""
    licence: str = "not stated"
    clock: Callable[[], str] = field(default=lambda: "1970-01-01T00:00:00Z")
    workers: int = 1
    device: str = "auto"
    progress: ProgressCallback = ignore_progress


@dataclass(frozen=True, slots=True, eq=False)
class ImportedModel:
    """A model as it is about to be written."""

    architecture: str
    weights: Mapping[str, NDArray[np.float32]]
    preparation: Preparation
    pooling: tuple[Pooling, ...]
    feature_maps: Mapping[str, int]
    source: str
    network: bytes | None = None
    """An ONNX file in place of weights."""
    softmax_scale: float | None = None
    own_projection: Projection | None = None
    """One that came with the weights."""
    remarks: tuple[str, ...] = ()
    """What was assumed, one sentence each."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A model folder that was just written."""

    record: ModelRecord
    remarks: tuple[str, ...]


def check_options(options: ImportOptions) -> None:
    """Raise UsageError for options that contradict each other."""
    wanted = [
        name
        for name, given in (
            ("--pca", options.components is not None),
            ("--projection", options.projection is not None),
            ("--pca-per-pack", options.fits_projection),
        )
        if given
    ]
    if len(wanted) > 1:
        message = f"{' and '.join(wanted)} each say which projection the model has; give one of them."
        raise UsageError(message)
    if options.components is not None and options.photos is None:
        message = "--pca learns the components from photos; name a folder of some hundreds with --photos."
        raise UsageError(message)
    if not 0.0 <= options.whitening <= 1.0:
        message = f"--whitening takes a number from 0 (none) to 1 (full), not {options.whitening:g}."
        raise UsageError(message)


def write_imported(out: Path, name: str, model: ImportedModel, options: ImportOptions) -> Imported:
    """Write a model folder and return its record and what was assumed. Raises ModelError, OutputError or UsageError."""
    model = _with_netvlad(out, name, model, options)
    projection = _given_projection(model, options)
    remarks = [f"Preparation: {described_preparation(model.preparation)}.", *model.remarks]
    if options.components is not None:
        fitted = _fit(out, name, model, options)
        projection = fitted
        remarks.append(
            f"Projection: {fitted.dimension} principal components of {fitted.photos} photos, whitening "
            f"{options.whitening:g}."
        )
    record = _write(out, name, model, projection, options)
    return Imported(record, tuple(remarks))


def _with_netvlad(out: Path, name: str, model: ImportedModel, options: ImportOptions) -> ImportedModel:
    """Return the model with a NetVLAD layer begun from the sample photos, where it is to have one and brings none."""
    part = next((one for one in model.pooling if one.statistic == "netvlad"), None)
    if part is None or any(tensor.startswith(TENSORS_PREFIX) for tensor in model.weights):
        return model
    if model.network is not None:
        message = (
            "NetVLAD has weights of its own, for which an ONNX file has no place; choose another pooling."
        )
        raise UsageError(message)
    plain = replace(model, pooling=(Pooling(part.feature_map, "mean"),))
    generator, drawn = seeded(), []
    with _staged(out, name, plain, options) as record:
        network = load_network(
            record.network,
            record.weights.read(),
            record.weights.locate(),
            record.pooling,
            device=options.device,
            positions=True,
        )
        for batch in sample_pictures(model.preparation, options):
            (maps,) = network.pool(model.preparation.normalisation.apply(np.stack(batch)))
            drawn.append(drawn_positions(maps, generator))
        network.close()
    layer = begin_netvlad(np.concatenate(drawn), int(part.parameter or 1))
    photos = f"NetVLAD: {int(part.parameter or 1)} clusters begun from {options.photos}, not trained."
    return replace(model, weights={**model.weights, **layer}, remarks=(*model.remarks, photos))


@contextmanager
def _staged(out: Path, name: str, model: ImportedModel, options: ImportOptions) -> Iterator[ModelRecord]:
    """Give the model without any fitted projection, in a folder that is gone afterwards."""
    staging = out.with_name(f".{out.name}.fitting")
    shutil.rmtree(staging, ignore_errors=True)
    try:
        yield _write(staging, name, model, None, replace(options, fits_projection=False))
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write(
    out: Path, name: str, model: ImportedModel, projection: Projection | None, options: ImportOptions
) -> ModelRecord:
    return write_model(
        out,
        name=name,
        architecture=model.architecture,
        weights=model.weights if model.network is None else model.network,
        preparation=model.preparation,
        pooling=model.pooling,
        fits_projection=options.fits_projection,
        projection=projection,
        licence=options.licence,
        source=model.source,
        feature_maps=model.feature_maps if model.architecture.startswith(IMPORTED_PREFIXES) else None,
        softmax_scale=model.softmax_scale,
    )


def _given_projection(model: ImportedModel, options: ImportOptions) -> Projection | None:
    if options.projection is None:
        return None if options.fits_projection else model.own_projection
    return Projection.load(options.projection)


def _fit(out: Path, name: str, model: ImportedModel, options: ImportOptions) -> Projection:
    """Return a projection fitted on what the model makes of the sample photos."""
    if model.own_projection is not None:
        message = "The weights bring a projection of their own, and --pca would put a second after it; leave one out."
        raise UsageError(message)
    with _staged(out, name, model, options) as record:
        extractor = extractor_from_record(record, None, device=options.device)
        try:
            batches = sample_pictures(model.preparation, options)
            described = np.concatenate([extractor.describe(np.stack(batch)) for batch in batches])
        finally:
            extractor.close()
    return fit_projection(described, options.components or 1, whitening=options.whitening)


def sample_pictures(preparation: Preparation, options: ImportOptions) -> Sequence[list[NDArray[np.uint8]]]:
    """Return the sample photos as a model takes them, in batches. Raises UsageError, and ModelError without any."""
    if options.photos is None:
        message = "This learns from photos; name a folder of some hundreds with --photos."
        raise UsageError(message)
    paths = _evenly(list(expand_paths([options.photos])))
    pictures: list[NDArray[np.uint8]] = []
    with Intake(workers=options.workers) as intake:
        taken_in = intake.take_in_all(paths, [preparation.rendition], clock=options.clock)
        for done, taken in enumerate(taken_in, start=1):
            if isinstance(taken, TakenIn):
                pictures.append(taken.pictures[0])
            options.progress(Progress("Reading sample photos", done, len(paths)))
    if not pictures:
        message = f"None of the {len(paths)} photos in {options.photos} can be read; name another folder."
        raise ModelError(message)
    return [pictures[start : start + _BATCH] for start in range(0, len(pictures), _BATCH)]


def _evenly(paths: Sequence[Path]) -> list[Path]:
    """Return at most ``MOST_SAMPLE_PHOTOS`` of the paths, evenly spread."""
    step = max(1.0, len(paths) / MOST_SAMPLE_PHOTOS)
    return [paths[int(number * step)] for number in range(min(len(paths), MOST_SAMPLE_PHOTOS))]


def model_name(*parts: str) -> str:
    """Return a model's name, at most 64 plain characters, of which the last part keeps its end."""
    words = [re.sub(r"[^a-z0-9._-]+", "-", part.lower()).strip("-._") for part in parts]
    return "-".join(word for word in words if word)[:64].rstrip("-._") or "imported"
