"""Networks of timm, by their names there and a few options."""

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geolocdesk.errors import ModelError
from geolocdesk.features.networks.backbone import Backbone
from geolocdesk.features.networks.stages import load_or_rebuild, stage
from geolocdesk.features.networks.state import load_state

if TYPE_CHECKING:
    import torch
    from torch import nn

    from geolocdesk.features.networks.state import State

Option = int | float | str

_NAME = re.compile(r"[a-z0-9_]+")

_WHOLE_OPTIONS = {
    "img_size": 4096,
    "patch_size": 64,
    "embed_dim": 8192,
    "depth": 128,
    "num_heads": 128,
    "num_classes": 8192,
    "reg_tokens": 64,
}
"""Options that take a whole number, and the greatest that makes sense."""

_FRACTIONS = {"mlp_ratio": r"\d{1,2}(\.\d{1,16})?", "norm_eps": r"1e-\d{2}"}
"""Options that take another number, and how it is written."""

_ACTIVATIONS = ("gelu", "gelu_tanh", "quick_gelu", "relu", "silu")


@dataclass(frozen=True, slots=True)
class TimmName:
    """A network of timm: its name there, and what differs from it."""

    name: str
    options: tuple[tuple[str, Option], ...] = ()
    """Sorted by name, so that one network has one spelling."""

    def __str__(self) -> str:
        return ";".join([self.name, *(f"{name}={value}" for name, value in self.options)])

    def with_options(self, **options: Option) -> "TimmName":
        """Return the network with further options."""
        return TimmName(self.name, tuple(sorted({**dict(self.options), **options}.items())))

    @classmethod
    def parse(cls, text: str) -> "TimmName":
        """Return the network spelt as ``str`` spells it. Raises ModelError where it is none."""
        name, *options = text.split(";")
        check_timm_name(name)
        return cls(name, tuple(sorted(_option(part) for part in options)))


def knows_timm(name: str) -> bool:
    """Tell whether the installed timm has a network of this name, a tag or options after it aside."""
    import timm

    plain = re.split(r"[.;]", name)[0]
    return bool(_NAME.fullmatch(plain)) and bool(timm.is_model(plain))


def check_timm_name(name: str) -> None:
    """Raise ModelError unless the installed timm has a network of this name; no other kind of name reaches timm."""
    import timm

    if not _NAME.fullmatch(name) or not timm.is_model(name):
        import difflib

        near = difflib.get_close_matches(name, timm.list_models(), 5, 0.5)
        like = f" Names like it: {', '.join(near)}." if near else ""
        message = f"The installed timm ({timm.__version__}) has no network “{name}”.{like}"
        raise ModelError(message)


def _option(text: str) -> tuple[str, Option]:
    name, _, value = text.partition("=")
    if name in _WHOLE_OPTIONS and value.isdecimal() and 0 <= int(value) <= _WHOLE_OPTIONS[name]:
        return name, int(value)
    if name == "act_layer" and value in _ACTIVATIONS:
        return name, value
    if name in _FRACTIONS and re.fullmatch(_FRACTIONS[name], value):
        return name, float(value)
    known = ", ".join([*_WHOLE_OPTIONS, *_FRACTIONS, "act_layer"])
    message = f"“{text}” is no option of a network; known are {known}."
    raise ModelError(message)


def new_timm_model(name: TimmName) -> "nn.Module":
    """Return timm's network with weights of no meaning; without ``num_classes`` it has no classifier."""
    import timm
    from torch import nn

    options: dict[str, Any] = {"num_classes": 0, **dict(name.options)}
    if "norm_eps" in options:
        options["norm_layer"] = functools.partial(nn.LayerNorm, eps=options.pop("norm_eps"))
    try:
        model: nn.Module = timm.create_model(name.name, pretrained=False, **options)
    except (TypeError, ValueError, AssertionError, RuntimeError, KeyError) as error:
        message = f"timm cannot make the network {name}: {error}."
        raise ModelError(message) from error
    return model


def timm_network(text: str, state: "State", file: Path) -> Backbone:
    """Return timm's network with its weights: the map ``final``, and the ``embedding`` it pools from it itself."""
    name = TimmName.parse(text)
    network = load_or_rebuild(lambda: new_timm_model(name), lambda made: load_state(made, state, file))
    return timm_backbone(network)


def timm_backbone(network: "nn.Module") -> Backbone:
    """Return a network of timm as stages. Raises ModelError where it has no feature map."""
    features, head = getattr(network, "forward_features", None), getattr(network, "forward_head", None)
    if features is None or head is None:
        message = f"{type(network).__name__} is a network without feature maps; choose another architecture."
        raise ModelError(message)
    channels_last = getattr(network, "output_fmt", "NCHW") == "NHWC"

    def final(values: "torch.Tensor") -> "torch.Tensor":
        made: torch.Tensor = features(values)
        return made.permute(0, 3, 1, 2) if channels_last else made

    def embedding(values: "torch.Tensor") -> "torch.Tensor":
        pooled: torch.Tensor = head(values.permute(0, 2, 3, 1) if channels_last else values)
        return pooled

    return Backbone(
        [("final", stage(network, final)), ("embedding", stage(network, embedding))],
        prefix_tokens=int(getattr(network, "num_prefix_tokens", 0)),
    )
