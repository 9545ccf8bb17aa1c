"""A network without its poolings."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geolocdesk.features.networks.network import Stage


@dataclass(frozen=True, slots=True, eq=False)
class Backbone:
    """What computes the feature maps, one after the other."""

    stages: "list[Stage]"
    prefix_tokens: int = 0
    """How many tokens of a transformer's maps come before the patches: its class token and registers."""
