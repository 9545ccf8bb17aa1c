"""Image classifiers of torchvision, by their names there, without their last layer."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from geolocdesk.errors import ModelError
from geolocdesk.features.networks.backbone import Backbone
from geolocdesk.features.networks.stages import load_or_rebuild, stage
from geolocdesk.features.networks.state import load_state

if TYPE_CHECKING:
    import torch
    from torch import nn

    from geolocdesk.features.networks.state import State

_SUPPORTED = re.compile(
    r"(resnet|resnext|wide_resnet|efficientnet|vgg|alexnet|mobilenet|convnext|densenet|vit_)[a-z0-9_]*"
)
"""The families whose parts this module knows; timm has most of the others."""


def torchvision_names() -> tuple[str, ...]:
    """Return the names of the networks that can be made here."""
    import torchvision

    names = torchvision.models.list_models(module=torchvision.models)
    return tuple(name for name in names if _SUPPORTED.fullmatch(name))


def new_torchvision_model(name: str) -> "nn.Module":
    """Return torchvision's network with weights of no meaning, its last layer an identity.

    Raises ModelError for an unknown name.
    """
    import torchvision
    from torch import nn

    if name not in torchvision_names():
        message = f"torchvision has no network “{name}” that can be used here; these can: {', '.join(torchvision_names())}."
        raise ModelError(message)
    model: nn.Module = torchvision.models.get_model(name, weights=None)
    model.set_submodule(last_layer(model), nn.Identity(), strict=True)
    return model


def last_layer(model: "nn.Module") -> str:
    """Return the name of a classifier's last layer."""
    from torch import nn

    names = [name for name, part in model.named_modules() if isinstance(part, nn.Linear | nn.Identity)]
    return str(names[-1])


def torchvision_network(name: str, state: "State", file: Path) -> Backbone:
    """Return torchvision's network with its weights: the map ``final``, and what goes into its last layer."""
    network = load_or_rebuild(lambda: new_torchvision_model(name), lambda made: load_state(made, state, file))
    return torchvision_backbone(network)


def torchvision_backbone(network: "nn.Module") -> Backbone:
    """Return a network of torchvision as stages."""
    import torchvision

    if isinstance(network, torchvision.models.VisionTransformer):
        return _vision_transformer(network)
    if isinstance(network, torchvision.models.ResNet):
        return _resnet(network)
    return _convolutional(network)


def _vision_transformer(network: "nn.Module") -> Backbone:
    import torch

    def final(values: "torch.Tensor") -> "torch.Tensor":
        patches = network.get_submodule("conv_proj")(values).flatten(2).transpose(1, 2)
        token = network.get_parameter("class_token").expand(len(values), -1, -1)
        tokens: torch.Tensor = network.get_submodule("encoder")(torch.cat([token, patches], dim=1))
        return tokens

    def embedding(values: "torch.Tensor") -> "torch.Tensor":
        pooled: torch.Tensor = network.get_submodule("heads")(values[:, 0])
        return pooled

    return Backbone([("final", stage(network, final)), ("embedding", stage(network, embedding))], 1)


def _resnet(network: "nn.Module") -> Backbone:
    from torch import nn

    parts = [part for name, part in network.named_children() if name not in {"avgpool", "fc"}]
    head = nn.Sequential(network.get_submodule("avgpool"), nn.Flatten(1))
    return Backbone([("final", nn.Sequential(*parts)), ("embedding", head)])


def _convolutional(network: "nn.Module") -> Backbone:
    import torchvision
    from torch import nn

    features = [network.get_submodule("features")]
    if isinstance(network, torchvision.models.DenseNet):
        features.append(nn.ReLU())
    head = [getattr(network, "avgpool", nn.AdaptiveAvgPool2d(1))]
    if not isinstance(network, torchvision.models.ConvNeXt):
        head.append(nn.Flatten(1))
    head.append(network.get_submodule("classifier"))
    return Backbone([("final", nn.Sequential(*features)), ("embedding", nn.Sequential(*head))])
