"""VGG-16's convolutions, the paper's network."""

from pathlib import Path
from typing import TYPE_CHECKING

from geolocdesk.features.networks.state import load_state

if TYPE_CHECKING:
    from geolocdesk.features.networks.network import Stage
    from geolocdesk.features.networks.state import State


def vgg16(state: "State", file: Path) -> "list[Stage]":
    """Return torchvision's VGG-16 from the first convolution to conv5_3, and the ReLU after it."""
    import torch
    import torchvision

    with torch.device("meta"):
        convolutions = torchvision.models.vgg16(weights=None, init_weights=False).features[:30]
    without_classifier = {
        name.removeprefix("features."): tensor
        for name, tensor in state.items()
        if not name.startswith("classifier.")
    }
    load_state(convolutions, without_classifier, file)
    return [("conv5_3-linear", convolutions[:-1]), ("conv5_3", convolutions[-1:])]
