"""GeoCLIP (Vivanco Cepeda, Nayak, Shah, 2023): CLIP's image tower with two more layers, and an encoder of places."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import ModelError
from geolocdesk.features.networks.backbone import Backbone
from geolocdesk.features.networks.state import load_state, read_state
from geolocdesk.features.networks.timm_network import timm_network

if TYPE_CHECKING:
    import torch
    from torch import nn

    from geolocdesk.features.networks.state import State

HEAD_PREFIX = "geoclip."
"""Before the names of the layers after CLIP's own embedding."""

LOCATION_PREFIX = "location."
"""Before the names of the encoder of places."""

GALLERY = "gallery"
"""float32[n, 2]: the places GeoCLIP answers with, latitude and longitude in degrees."""

PLACE_DIMENSION = 512

_EQUAL_EARTH = (1.340264, -0.081106, 0.000893, 0.003796)
"""A1 to A4 of Šavrič, Patterson and Jenny (2019)."""

_EQUAL_EARTH_SCALE = 66.50336
_BLOCK = 4096


def geoclip_network(text: str, state: "State", file: Path) -> Backbone:
    """Return the image side: the tower's maps, then ``place``, what is compared with the places' embeddings."""
    head = {
        name.removeprefix(HEAD_PREFIX): tensor
        for name, tensor in state.items()
        if name.startswith(HEAD_PREFIX)
    }
    tower = {name: tensor for name, tensor in state.items() if not name.startswith(HEAD_PREFIX)}
    backbone = timm_network(text, tower, file)
    layers = _head(head, file)
    return Backbone([*backbone.stages, ("place", layers)], backbone.prefix_tokens)


def _head(state: "State", file: Path) -> "nn.Module":
    import torch
    from torch import nn

    if "0.weight" not in state or "2.weight" not in state:
        message = f"{file} holds no layers of GeoCLIP after the image tower; import the model again."
        raise ModelError(message)
    inner, before = state["0.weight"].shape
    after = len(state["2.weight"])
    with torch.device("meta"):
        layers = nn.Sequential(nn.Linear(before, inner), nn.ReLU(), nn.Linear(inner, after))
    load_state(layers, state, file)
    return layers


class PlaceEncoder:
    """Turns positions into the vectors that GeoCLIP compares photos with."""

    def __init__(self, content: bytes, file: Path) -> None:
        """Take the bytes of a GeoCLIP model's weights. Raises ModelError where they hold no such encoder."""
        state = read_state(content, file)
        self._state = {
            name.removeprefix(LOCATION_PREFIX): tensor
            for name, tensor in state.items()
            if name.startswith(LOCATION_PREFIX)
        }
        check_place_encoder(self._state, file)
        gallery = state.get(GALLERY)
        if gallery is None or gallery.ndim != 2 or gallery.shape[1] != 2:
            message = f"{file} holds no gallery of places; it is no GeoCLIP model."
            raise ModelError(message)
        self.gallery: NDArray[np.float64] = gallery.double().numpy()
        """float64[n, 2], latitude and longitude in degrees, as GeoCLIP's own gallery lists them."""

    def encode(self, positions: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return float32[n, 512] from float64[n, 2] in degrees; not of unit length."""
        import torch

        parts = []
        with torch.inference_mode():
            for start in range(0, len(positions), _BLOCK):
                block = torch.from_numpy(positions[start : start + _BLOCK].astype(np.float32))
                parts.append(_encoded(self._state, block).numpy())
        return np.concatenate(parts) if parts else np.empty((0, PLACE_DIMENSION), np.float32)


def check_place_encoder(state: "Mapping[str, torch.Tensor]", file: Path) -> None:
    """Raise ModelError unless these are the tensors of GeoCLIP's location encoder."""
    numbers = {name.split(".")[0] for name in state}
    wanted = {
        "capsule.0.b": (256, 2),
        "capsule.1.weight": (1024, 512),
        "head.0.weight": (PLACE_DIMENSION, 1024),
    }
    whole = numbers == {f"LocEnc{number}" for number in range(len(numbers))} and bool(numbers)
    for number in numbers:
        for name, shape in wanted.items():
            tensor = state.get(f"{number}.{name}")
            whole = whole and tensor is not None and tuple(tensor.shape) == shape
        whole = whole and sum(name.startswith(f"{number}.") for name in state) == 9
    if not whole:
        message = f"{file} holds no location encoder of GeoCLIP, or of another version than is known here."
        raise ModelError(message)


def _encoded(state: "Mapping[str, torch.Tensor]", positions: "torch.Tensor") -> "torch.Tensor":
    """Return the sum of the encoders of each scale, in single precision and GeoCLIP's own order of steps."""
    from torch.nn import functional

    flat = _equal_earth(positions)
    total = flat.new_zeros((len(flat), PLACE_DIMENSION))
    for number in range(len({name.split(".")[0] for name in state})):
        own = f"LocEnc{number}."
        values = _fourier(flat, state[f"{own}capsule.0.b"])
        for layer in (1, 3, 5):
            name = f"{own}capsule.{layer}."
            values = functional.relu(functional.linear(values, state[name + "weight"], state[name + "bias"]))
        total = total + functional.linear(values, state[f"{own}head.0.weight"], state[f"{own}head.0.bias"])
    return total


def _equal_earth(positions: "torch.Tensor") -> "torch.Tensor":
    import torch

    a1, a2, a3, a4 = _EQUAL_EARTH
    latitude, longitude = torch.deg2rad(positions[:, 0]), torch.deg2rad(positions[:, 1])
    root = torch.sqrt(torch.tensor(3.0))
    theta = torch.asin((root / 2) * torch.sin(latitude))
    denominator = 3 * (9 * a4 * theta**8 + 7 * a3 * theta**6 + 3 * a2 * theta**2 + a1)
    x = (2 * root * longitude * torch.cos(theta)) / denominator
    y = a4 * theta**9 + a3 * theta**7 + a2 * theta**3 + a1 * theta
    return (torch.stack((x, y), dim=1) * _EQUAL_EARTH_SCALE) / 180


def _fourier(values: "torch.Tensor", frequencies: "torch.Tensor") -> "torch.Tensor":
    import torch

    phases = 2 * np.pi * values @ frequencies.T
    return torch.cat((torch.cos(phases), torch.sin(phases)), dim=-1)
