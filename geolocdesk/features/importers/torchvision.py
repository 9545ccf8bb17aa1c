"""VGG-16 out of a ``.pth`` or ``.safetensors`` file in torchvision's layout, as a model folder."""

from pathlib import Path

from geolocdesk.errors import ModelError
from geolocdesk.features.importers.vgg16 import (
    VGG16_CONVOLUTIONS,
    Weights,
    checked_convolution,
    write_vgg16,
)
from geolocdesk.features.model_record import ModelRecord
from geolocdesk.features.networks import read_tensors
from geolocdesk.features.preparation import TORCHVISION, Preparation
from geolocdesk.features.weights import weights_at

SUFFIXES = (".pth", ".pt", ".safetensors")


def import_torchvision_vgg16(path: Path, out: Path, *, prepared: Preparation = TORCHVISION) -> ModelRecord:
    """Write the VGG-16 in a state dictionary to a new model folder and return its record.

    Up to conv5_3; the classifier is left out. Raises OutputError, and ModelError where the file is no such
    network, or holds more than plain weights: such a file could run a program, and is not opened.
    """
    source = weights_at(path)
    tensors = {
        name.removeprefix("features."): values
        for name, values in read_tensors(source.read(), path).items()
        if not name.startswith("classifier.")
    }
    weights: Weights = {}
    for name, (place, _, _) in VGG16_CONVOLUTIONS.items():
        kernel, bias = tensors.pop(f"{place}.weight", None), tensors.pop(f"{place}.bias", None)
        if kernel is None or bias is None:
            message = (
                f"{path} holds no VGG-16 in torchvision's layout: “features.{place}” ({name}) is missing."
            )
            raise ModelError(message)
        kernel, bias = checked_convolution(path, name, kernel, bias)
        weights[f"features.{place}.weight"], weights[f"features.{place}.bias"] = kernel, bias
    if tensors:
        message = f"{path} holds another network than VGG-16: “{next(iter(tensors))}” is left over."
        raise ModelError(message)
    return write_vgg16(out, weights, prepared, imported=path, sha256=source.sha256)
