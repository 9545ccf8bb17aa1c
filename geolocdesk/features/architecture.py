"""The networks this program can run: which feature maps they have, and how a descriptor is pooled from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from geolocdesk.errors import ModelError
from geolocdesk.features.fields import Fields
from geolocdesk.provenance import JsonValue

Statistic = Literal["mean", "std", "max", "gem", "rmac", "netvlad", "cls", "own"]
"""How a feature map becomes a vector.

``mean``, ``std`` (divided by the number of positions) and ``max`` of every channel over the map's positions; ``gem``,
the generalised mean; ``rmac``, the sum of the regions' maxima, each of unit length; ``netvlad``, the residuals to
learned centroids; ``cls``, a transformer's class token; ``own``, a map that the network has pooled itself.
"""

_PARAMETERS: dict[Statistic, tuple[float, float, bool]] = {
    "gem": (1e-3, 100.0, False),
    "rmac": (1, 8, True),
    "netvlad": (1, 1024, True),
}
"""The least and the greatest value of a statistic's parameter, and whether it must be whole."""


Precision = Literal["float32", "bfloat16", "float16"]
"""What a network computes its feature maps in; everything after them is float32 and more."""


def precision_named(name: str) -> Precision:
    """Return the precision of this name. Raises ModelError where there is none."""
    for precision in get_args(Precision):
        if precision == name:
            return precision  # type: ignore[no-any-return]  # one of the literals
    message = f"There is no precision “{name}”; a network computes in {', '.join(get_args(Precision))}."
    raise ModelError(message)


@dataclass(frozen=True, slots=True)
class Pooling:
    """One part of a descriptor: a statistic of one feature map."""

    feature_map: str
    statistic: Statistic
    parameter: float | None = None
    """The exponent p of ``gem``, the scales L of ``rmac``, the clusters K of ``netvlad``; None for the others."""

    def __post_init__(self) -> None:
        if self.statistic not in get_args(Statistic):
            message = f"unknown statistic of a feature map: {self.statistic}"
            raise ValueError(message)
        if (self.parameter is None) != (self.statistic not in _PARAMETERS):
            message = f"{self.statistic} {'needs a' if self.parameter is None else 'takes no'} parameter"
            raise ValueError(message)
        if self.parameter is not None:
            least, greatest, whole = _PARAMETERS[self.statistic]
            if not least <= self.parameter <= greatest or (whole and self.parameter != int(self.parameter)):
                kind = "a whole number" if whole else "a number"
                message = (
                    f"{self.statistic} takes {kind} from {least:g} to {greatest:g}, not {self.parameter:g}"
                )
                raise ValueError(message)

    def length(self, channels: int) -> int:
        """Return how many numbers it makes of a map with so many channels."""
        return channels * int(self.parameter or 1) if self.statistic == "netvlad" else channels

    def to_json(self) -> dict[str, JsonValue]:
        """Return the pooling as plain JSON values; a statistic without parameter has no such field."""
        value: dict[str, JsonValue] = {"feature_map": self.feature_map, "statistic": self.statistic}
        return value if self.parameter is None else {**value, "parameter": self.parameter}

    @classmethod
    def from_json(cls, value: JsonValue) -> "Pooling":
        """Return the pooling that ``to_json`` wrote. Raises ModelError on other input."""
        fields = Fields(value if isinstance(value, dict) else {}, "pooling")
        parameter = fields.number("parameter") if "parameter" in fields.values else None
        with fields.checking():
            return cls(fields.text("feature_map"), fields.text("statistic"), parameter)  # type: ignore[arg-type]  # as above


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
        return sum(part.length(self.channels[part.feature_map]) for part in pooling)


_ARCHITECTURES = (
    Architecture(
        "efficientnet-lite0",
        MappingProxyType(
            {"block-7": 80, "block-8": 112, "block-10": 112, "block-12": 192, "block-15": 320, "final": 1280}
        ),
        cpu_batch=3,
    ),
    Architecture("vgg16", MappingProxyType({"conv5_3-linear": 512, "conv5_3": 512}), cpu_batch=1),
)

IMPORTED_PREFIXES = ("timm/", "torchvision/", "geoclip/", "onnx/")
"""How the names of networks begin that come from a library or a file; their feature maps are recorded."""

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


def architecture_named(name: str, feature_maps: Mapping[str, int] | None = None) -> Architecture:
    """Return the architecture of this name, that of a library's network with the ``feature_maps`` recorded for it.

    Raises ModelError where there is none.
    """
    for architecture in _ARCHITECTURES:
        if architecture.name == name:
            return architecture
    if name.startswith(IMPORTED_PREFIXES) and feature_maps:
        return Architecture(name, MappingProxyType(dict(feature_maps)), cpu_batch=1)
    known = ", ".join(architecture.name for architecture in _ARCHITECTURES)
    message = (
        f"This version knows no network “{name}” (it knows {known}); use the version the model was made with."
    )
    raise ModelError(message)
