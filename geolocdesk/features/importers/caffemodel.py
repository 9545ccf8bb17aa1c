"""VGG-16 out of a ``.caffemodel``, such as the one Vo, Jacobs and Hays released, as a model folder."""

import hashlib
import re
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import ModelError
from geolocdesk.features import preparation
from geolocdesk.features.architecture import VGG16_GMP_POOLING
from geolocdesk.features.importers.caffe import read_layers
from geolocdesk.features.importers.wire_format import WireFile
from geolocdesk.features.model_folder import write_model
from geolocdesk.features.model_record import ModelRecord
from geolocdesk.features.weights import LARGEST_WEIGHTS_BYTES, unreadable

VGG16_CONVOLUTIONS = MappingProxyType(
    {
        "conv1_1": (0, 3, 64),
        "conv1_2": (2, 64, 64),
        "conv2_1": (5, 64, 128),
        "conv2_2": (7, 128, 128),
        "conv3_1": (10, 128, 256),
        "conv3_2": (12, 256, 256),
        "conv3_3": (14, 256, 256),
        "conv4_1": (17, 256, 512),
        "conv4_2": (19, 512, 512),
        "conv4_3": (21, 512, 512),
        "conv5_1": (24, 512, 512),
        "conv5_2": (26, 512, 512),
        "conv5_3": (28, 512, 512),
    }
)
"""Caffe's name of each convolution: its place in torchvision's ``features``, and its channels in and out."""

_KERNEL = (3, 3)

Weights = dict[str, NDArray[np.float32]]


def import_caffemodel(
    path: Path, out: Path, *, mean_bgr: tuple[float, float, float] | None = None
) -> ModelRecord:
    """Write the VGG-16 in a ``.caffemodel`` to a new model folder and return its record.

    Up to conv5_3 with global max pooling, as in the paper; other layers are left out. Photos are prepared as
    in the authors' program (BGR, minus 100), or with ``mean_bgr`` taken off instead, 0–255. The model's name,
    which becomes part of the extractor's identity, is made from the file's. Raises ModelError or OutputError.
    """
    weights, sha256 = read_vgg16(path)
    prepared = preparation.AUTHORS
    if mean_bgr is not None:
        prepared = replace(prepared, normalisation=replace(prepared.normalisation, mean=mean_bgr))
    return write_model(
        out,
        name=_name_for(path),
        architecture="vgg16",
        weights=weights,
        preparation=prepared,
        pooling=VGG16_GMP_POOLING,
        fits_projection=False,
        projection=None,
        licence="not stated",
        source=f"VGG-16 with global max pooling, imported from {path.name} (SHA-256 {sha256})",
    )


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
    for name, (place, before, after) in VGG16_CONVOLUTIONS.items():
        kernel, bias = _convolution(path, name, layers.get(name, []), before, after)
        weights[f"features.{place}.weight"], weights[f"features.{place}.bias"] = kernel, bias
    return weights, digest


def _convolution(
    path: Path, name: str, blobs: list[NDArray[np.float32]], before: int, after: int
) -> list[NDArray[np.float32]]:
    """Return a layer's weights [out, in, 3, 3] and bias [out]."""
    if len(blobs) != 2:
        message = (
            f"{path} holds no VGG-16: its layer “{name}” is missing or has no weights. Bring a .caffemodel whose "
            "convolutions are named conv1_1 to conv5_3."
        )
        raise ModelError(message)
    kernel, bias = blobs
    expected = (after, before, *_KERNEL)
    if kernel.shape != expected or bias.size != after or bias.shape[-1] != after:
        shapes = [" × ".join(map(str, shape)) for shape in (kernel.shape, bias.shape, expected)]
        message = (
            f"{path} holds no VGG-16: the weights of “{name}” are {shapes[0]} with a bias of {shapes[1]}, not "
            f"{shapes[2]} with one of {after}."
        )
        raise ModelError(message)
    if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
        message = f"{path} holds weights of “{name}” that are no finite numbers; bring an undamaged file."
        raise ModelError(message)
    return [kernel, bias.reshape(after)]


def _name_for(path: Path) -> str:
    own = re.sub(r"[^a-z0-9._-]+", "-", path.stem.lower()).strip("-")
    return f"vgg16-gmp-{own}"[:64]
