"""The networks this program can run: which feature maps they have, and how a descriptor is pooled from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from geolocdesk.errors import ModelError
from geolocdesk.features.fields import Fields
from geolocdesk.provenance import JsonValue

Statistic = Literal["mean", "std", "max"]
"""Over a feature map's positions; ``std`` divides by their number."""


@dataclass(frozen=True, slots=True)
class Pooling:
    """One part of a descriptor: a statistic of every channel of one feature map."""

    feature_map: str
    statistic: Statistic

    def __post_init__(self) -> None:
        if self.statistic not in get_args(Statistic):
            message = f"unknown statistic of a feature map: {self.statistic}"
            raise ValueError(message)

    def to_json(self) -> dict[str, JsonValue]:
        """Return the pooling as plain JSON values."""
        return {"feature_map": self.feature_map, "statistic": self.statistic}

    @classmethod
    def from_json(cls, value: JsonValue) -> "Pooling":
        """Return the pooling that ``to_json`` wrote. Raises ModelError on other input."""
        fields = Fields(value if isinstance(value, dict) else {}, "pooling")
        with fields.checking():
            return cls(fields.text("feature_map"), fields.text("statistic"))  # type: ignore[arg-type]  # as above


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network without its weights."""

    name: str
    channels: Mapping[str, int]
    """Channels of each feature map, in the order in which they are computed."""
    cpu_batch: int
    """Pictures a pass takes at once on a CPU.

    Small on purpose: glibc gives freed memory beyond 32 MiB back to the system, and larger passes then spend
    a quarter of their time on page faults.
    """

    def dimension(self, pooling: tuple[Pooling, ...]) -> int:
        """Return the length of the pooled parts joined. Raises ModelError where a feature map is unknown."""
        unknown = [part.feature_map for part in pooling if part.feature_map not in self.channels]
        if unknown or not pooling:
            message = (
                f"The network {self.name} has the feature maps {', '.join(self.channels)}, "
                f"not “{', '.join(unknown)}”; the model's description is damaged or from a newer version."
            )
            raise ModelError(message)
        return sum(self.channels[part.feature_map] for part in pooling)


_ARCHITECTURES = (
    Architecture("efficientnet-lite0", MappingProxyType({"block-10": 112, "final": 1280}), cpu_batch=3),
    Architecture("vgg16", MappingProxyType({"conv5_3": 512}), cpu_batch=1),
)

EFFICIENTNET_LITE0_POOLING = (
    Pooling("final", "mean"),
    Pooling("block-10", "mean"),
    Pooling("block-10", "std"),
)
"""1504-D: what is in the picture, and the texture of its parts.

``final`` is the map after the last convolution and its activation, ``block-10`` the output of block 10 of the 16
(counted from 0), at a sixteenth of the picture's size.
"""

VGG16_GMP_POOLING = (Pooling("conv5_3", "max"),)
"""Global max pooling after the last convolution and its ReLU, as in Vo, Jacobs and Hays (2017)."""


def architecture_named(name: str) -> Architecture:
    """Return the architecture of this name. Raises ModelError where there is none."""
    for architecture in _ARCHITECTURES:
        if architecture.name == name:
            return architecture
    known = ", ".join(architecture.name for architecture in _ARCHITECTURES)
    message = (
        f"This version knows no network “{name}” (it knows {known}); use the version the model was made with."
    )
    raise ModelError(message)
