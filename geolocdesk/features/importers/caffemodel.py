"""VGG-16 out of a ``.caffemodel``, such as the one Vo, Jacobs and Hays released, as a model folder."""

import hashlib
from dataclasses import replace
from pathlib import Path

from geolocdesk.errors import ModelError
from geolocdesk.features import preparation
from geolocdesk.features.importers.caffe import read_layers
from geolocdesk.features.importers.vgg16 import (
    VGG16_CONVOLUTIONS,
    Weights,
    checked_convolution,
    write_vgg16,
)
from geolocdesk.features.importers.wire_format import WireFile
from geolocdesk.features.model_record import ModelRecord
from geolocdesk.features.weights import LARGEST_WEIGHTS_BYTES, unreadable


def import_caffemodel(
    path: Path, out: Path, *, mean_bgr: tuple[float, float, float] | None = None
) -> ModelRecord:
    """Write the VGG-16 in a ``.caffemodel`` to a new model folder and return its record.

    Up to conv5_3; other layers are left out. Photos are prepared as in the authors' program (BGR, minus 100),
    or with ``mean_bgr`` taken off instead, 0–255. Raises ModelError or OutputError.
    """
    weights, sha256 = read_vgg16(path)
    prepared = preparation.AUTHORS
    if mean_bgr is not None:
        prepared = replace(prepared, normalisation=replace(prepared.normalisation, mean=mean_bgr))
    return write_vgg16(out, weights, prepared, imported=path, sha256=sha256)


def read_vgg16(path: Path) -> tuple[Weights, str]:
    """Return VGG-16's convolutions in torchvision's layout, and the SHA-256 of the file they come from.

    The first convolution keeps the file's order of channels. Raises ModelError where the file is no
    ``.caffemodel``, or lacks a convolution, or has one of another shape or with numbers that are not finite.
    """
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_WEIGHTS_BYTES:
            message = (
                f"{path} is no .caffemodel: not a plain file of at most {LARGEST_WEIGHTS_BYTES >> 30} GiB."
            )
            raise ModelError(message)
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            layers = read_layers(WireFile(stream, path), VGG16_CONVOLUTIONS)
    except OSError as error:
        raise unreadable(path, error) from error
    weights: Weights = {}
    for name, (place, _, _) in VGG16_CONVOLUTIONS.items():
        blobs = layers.get(name, [])
        if len(blobs) != 2:
            message = (
                f"{path} holds no VGG-16: its layer “{name}” is missing or has no weights. Bring a .caffemodel "
                "whose convolutions are named conv1_1 to conv5_3."
            )
            raise ModelError(message)
        kernel, bias = checked_convolution(path, name, *blobs)
        weights[f"features.{place}.weight"], weights[f"features.{place}.bias"] = kernel, bias
    return weights, digest
