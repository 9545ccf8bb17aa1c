"""Weights for the network that comes without any."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file

VGG16_CHANNELS = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
"""Output channels of VGG-16's thirteen convolutions (Simonyan and Zisserman, configuration D)."""

VGG16_LAYERS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
"""Their places in torchvision's ``features``."""


@pytest.fixture(scope="session")
def vgg16_weights() -> dict[str, NDArray[np.float32]]:
    """Return random weights, scaled so that activations keep their size, in torchvision's layout."""
    generator = np.random.default_rng(16)
    weights: dict[str, NDArray[np.float32]] = {}
    before = 3
    for layer, channels in zip(VGG16_LAYERS, VGG16_CHANNELS, strict=True):
        values = generator.standard_normal((channels, before, 3, 3), np.float32)
        weights[f"features.{layer}.weight"] = values * np.float32(np.sqrt(2 / (9 * before)))
        weights[f"features.{layer}.bias"] = generator.standard_normal(channels, np.float32) * np.float32(0.1)
        before = channels
    return weights


@pytest.fixture(scope="session")
def vgg16_file(
    vgg16_weights: dict[str, NDArray[np.float32]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the path of those weights as safetensors."""
    path = tmp_path_factory.mktemp("vgg16") / "vgg16.safetensors"
    save_file(vgg16_weights, path)
    return path
