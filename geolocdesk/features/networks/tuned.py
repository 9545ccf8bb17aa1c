"""Weights that training changed, named by the layers as this program builds them, beside a network's original ones."""

from pathlib import Path
from typing import TYPE_CHECKING

from geolocdesk.errors import ModelError

if TYPE_CHECKING:
    from geolocdesk.features.networks.backbone import Backbone
    from geolocdesk.features.networks.state import State

TUNED_PREFIX = "tuned."


def tuned_name(feature_map: str, tensor: str) -> str:
    """Return under what name a tensor of the stage that ends in a feature map is kept."""
    return f"{TUNED_PREFIX}{feature_map}.{tensor}"


def take_tuned(backbone: "Backbone", tuned: "State", file: Path) -> None:
    """Give the backbone's stages their tuned weights. Raises ModelError where they do not fit."""
    import torch

    left = dict(tuned)
    for feature_map, stage in backbone.stages:
        own = stage.state_dict(keep_vars=True)
        for name, values in own.items():
            given = left.pop(tuned_name(feature_map, name), None)
            if given is None:
                continue
            if given.shape != values.shape or not torch.isfinite(given).all():
                message = f"{file} holds tuned weights of another network, or no finite numbers: “{name}”."
                raise ModelError(message)
            with torch.no_grad():
                values.copy_(given)
    if left:
        message = f"{file} holds tuned weights of another network: “{next(iter(left))}” is left over."
        raise ModelError(message)
