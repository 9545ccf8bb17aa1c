"""VGG-16 up to conv5_3 as a model folder, whichever format its weights came in."""

import re
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import ModelError
from geolocdesk.features.architecture import VGG16_GMP_POOLING
from geolocdesk.features.model_folder import write_model
from geolocdesk.features.model_record import ModelRecord
from geolocdesk.features.preparation import Preparation

Array = NDArray[np.float32]
Weights = dict[str, Array]

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


def write_vgg16(
    out: Path, weights: Weights, prepared: Preparation, *, imported: Path, sha256: str
) -> ModelRecord:
    """Write a new model folder of VGG-16 with global max pooling, as in the paper, and return its record.

    ``weights`` are in torchvision's layout, ``imported`` and ``sha256`` the file they come from; the model's
    name, which becomes part of the extractor's identity, is made from its name. Raises ModelError or OutputError.
    """
    own = re.sub(r"[^a-z0-9._-]+", "-", imported.stem.lower()).strip("-")
    return write_model(
        out,
        name=f"vgg16-gmp-{own}"[:64],
        architecture="vgg16",
        weights=weights,
        preparation=prepared,
        pooling=VGG16_GMP_POOLING,
        fits_projection=False,
        projection=None,
        licence="not stated",
        source=f"VGG-16 with global max pooling, imported from {imported.name} (SHA-256 {sha256})",
    )


def checked_convolution(path: Path, name: str, kernel: Array, bias: Array) -> tuple[Array, Array]:
    """Return a convolution's weights [out, in, 3, 3] and bias [out]. Raises ModelError where they are none."""
    _, before, after = VGG16_CONVOLUTIONS[name]
    expected = (after, before, *_KERNEL)
    if kernel.shape != expected or bias.size != after or bias.shape[-1:] != (after,):
        shapes = [" × ".join(map(str, shape)) for shape in (kernel.shape, bias.shape, expected)]
        message = (
            f"{path} holds no VGG-16: the weights of “{name}” are {shapes[0]} with a bias of {shapes[1]}, not "
            f"{shapes[2]} with one of {after}."
        )
        raise ModelError(message)
    if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
        message = f"{path} holds weights of “{name}” that are no finite numbers; bring an undamaged file."
        raise ModelError(message)
    return kernel, bias.reshape(after)
