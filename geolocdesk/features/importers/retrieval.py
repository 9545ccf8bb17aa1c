"""What landmark-retrieval checkpoints hold beside the network: a pooling with weights, and a whitening.

The layouts of the public PyTorch code of NetVLAD, Patch-NetVLAD and CNN Image Retrieval (Siamac, GeM).
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import ModelError
from geolocdesk.features.networks import NETVLAD_TENSORS, TENSORS_PREFIX, State
from geolocdesk.features.projection import Projection

_POOL = re.compile(
    r"(?:pool|pooling|net_vlad|netvlad|vlad|aggregation)\.(centroids|conv\.weight|conv\.bias|p)"
)
_WHITENING = re.compile(r"(?:whiten|lwhiten|WPCA\.0)\.(weight|bias)")
_WRAPPED = re.compile(r"(^|\.)module\.")
_ENCODER = re.compile(r"(?:encoder|base_model|backbone)\.")

_RESNET_PLACES = {
    "0": "conv1",
    "1": "bn1",
    "4": "layer1",
    "5": "layer2",
    "6": "layer3",
    "7": "layer4",
}
"""Where a ResNet's parts lie once its code has put them into one list."""


@dataclass(frozen=True, slots=True, eq=False)
class RetrievalLayers:
    """The parts of a checkpoint that come after the network."""

    pooling: str | None = None
    """As ``--pooling`` spells it."""
    tensors: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    """The pooling's weights by the names under which a model stores them."""
    projection: Projection | None = None


def split_retrieval(state: State, file: Path) -> tuple[State, RetrievalLayers]:
    """Return a checkpoint's network by the names of its library, and what comes after it. Raises ModelError."""
    network: State = {}
    pool: dict[str, NDArray[np.float32]] = {}
    whitening: dict[str, NDArray[np.float32]] = {}
    for wrapped, tensor in state.items():
        name = _WRAPPED.sub(r"\1", wrapped)
        if found := _POOL.fullmatch(name):
            pool[found[1]] = tensor.float().numpy()
        elif found := _WHITENING.fullmatch(name):
            whitening[found[1]] = tensor.float().numpy()
        else:
            network[name] = tensor
    if not pool and not whitening:
        return state, RetrievalLayers()
    return _named_as_before(network), RetrievalLayers(
        _pooling(pool, file), _netvlad(pool), _projection(whitening, file)
    )


def _named_as_before(network: State) -> State:
    """Return a network by the names it had before the retrieval code took its last layers off."""
    if all(_ENCODER.match(name) for name in network):
        network = {_ENCODER.sub("", name, count=1): tensor for name, tensor in network.items()}
    inner = {name.removeprefix("features."): tensor for name, tensor in network.items()}
    if "4.0.conv1.weight" in inner:
        return {
            ".".join([_RESNET_PLACES.get(place, place), rest]): tensor
            for name, tensor in inner.items()
            for place, _, rest in [name.partition(".")]
        }
    if all(name.split(".")[0].isdecimal() for name in inner):
        return {f"features.{name}": tensor for name, tensor in inner.items()}
    return network


def _pooling(pool: dict[str, NDArray[np.float32]], file: Path) -> str | None:
    if "centroids" in pool:
        if "conv.weight" not in pool or pool["centroids"].ndim != 2:
            message = f"{file} holds a NetVLAD layer without its assignment; bring the whole checkpoint."
            raise ModelError(message)
        return f"netvlad:{len(pool['centroids'])}"
    if "p" in pool:
        if pool["p"].size != 1:
            message = f"{file} pools every channel with an exponent of its own, which this program does not."
            raise ModelError(message)
        return f"gem:{float(pool['p'].reshape(-1)[0])!r}"
    return None


def _netvlad(pool: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """Return a NetVLAD layer's weights by this program's names."""
    if "centroids" not in pool:
        return {}
    centroids = pool["centroids"]
    values = (
        centroids,
        pool["conv.weight"].reshape(len(centroids), -1),
        pool.get("conv.bias", np.zeros(len(centroids), np.float32)),
    )
    return {TENSORS_PREFIX + name: value for name, value in zip(NETVLAD_TENSORS, values, strict=True)}


def _projection(whitening: dict[str, NDArray[np.float32]], file: Path) -> Projection | None:
    """Return x → W x + b as a projection: the mean is the shortest one for which −W · mean = b."""
    if not whitening:
        return None
    weight = whitening["weight"].reshape(len(whitening["weight"]), -1)
    bias = whitening.get("bias", np.zeros(len(weight), np.float32))
    precise = weight.astype(np.float64)
    try:
        mean = precise.T @ np.linalg.solve(precise @ precise.T, -bias.astype(np.float64))
        return Projection(mean.astype(np.float32), np.ascontiguousarray(weight.T), 1)
    except (np.linalg.LinAlgError, ValueError) as error:
        message = f"The whitening in {file} cannot be used ({error}); import the network without it."
        raise ModelError(message) from error
