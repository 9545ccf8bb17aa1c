"""VGG-16's convolutions, the paper's network, with the names that torchvision gives their weights."""

from pathlib import Path
from typing import TYPE_CHECKING

from geolocdesk.features.networks.state import load_state

if TYPE_CHECKING:
    from torch import nn

    from geolocdesk.features.networks.network import Stage
    from geolocdesk.features.networks.state import State

_CHANNELS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
"""What each convolution makes; maps are halved between the groups. Simonyan and Zisserman, ICLR 2015, column D."""


def vgg16(state: "State", file: Path) -> "list[Stage]":
    """Return VGG-16 from the first convolution to conv5_3, and the ReLU after it."""
    import torch

    with torch.device("meta"):
        convolutions = _convolutions()
    without_classifier = {
        name.removeprefix("features."): tensor
        for name, tensor in state.items()
        if not name.startswith("classifier.")
    }
    load_state(convolutions, without_classifier, file)
    return [("conv5_3-linear", convolutions[:-1]), ("conv5_3", convolutions[-1:])]


def _convolutions() -> "nn.Sequential":
    """Return the convolutions and what lies between them, numbered as in torchvision's ``features``."""
    from torch import nn

    layers: list[nn.Module] = []
    channels = 3
    for group in _CHANNELS:
        if layers:
            layers.append(nn.MaxPool2d(2))
        for made in group:
            layers += [nn.Conv2d(channels, made, 3, padding=1), nn.ReLU(inplace=True)]
            channels = made
    return nn.Sequential(*layers)
