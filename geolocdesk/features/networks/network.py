"""A network with its weights on a device, run on pictures.

torch is imported inside the functions, so that importing this module costs nothing.
"""

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import ModelError
from geolocdesk.features.architecture import Architecture, Pooling, Precision
from geolocdesk.features.networks.backbone import Backbone
from geolocdesk.features.networks.device import choose_device, device_name
from geolocdesk.features.networks.efficientnet_lite0 import efficientnet_lite0
from geolocdesk.features.networks.geoclip import GALLERY, LOCATION_PREFIX, geoclip_network
from geolocdesk.features.networks.onnx_network import onnx_network
from geolocdesk.features.networks.packing import can_pack, pack_stages
from geolocdesk.features.networks.pooling import TENSORS_PREFIX, every_position, pooler
from geolocdesk.features.networks.state import read_state
from geolocdesk.features.networks.timm_network import timm_network
from geolocdesk.features.networks.torchvision_network import torchvision_network
from geolocdesk.features.networks.tuned import TUNED_PREFIX, take_tuned
from geolocdesk.features.networks.vgg16 import vgg16

Parts = list[NDArray[np.float32]]
"""float32[n, channels] for each pooling."""

if TYPE_CHECKING:
    import torch
    from torch import nn

    from geolocdesk.features.networks.packing import PackedStage
    from geolocdesk.features.networks.pooling import Pool
    from geolocdesk.features.networks.state import State

    Stage = tuple[str, nn.Module]
    """A feature map's name, and what computes it from the map before."""

_ACCELERATOR_BATCH = 32


class Network:
    """Convolutions with their weights on a device, ready to pool feature maps.

    Several threads may ask at once: a CPU's threads then go on with the pictures of one while those of another
    come to their end, and an accelerator takes one after the other.
    """

    def __init__(
        self,
        stages: "Sequence[Stage]",
        poolers: "Mapping[Pooling, Pool]",
        device: "torch.device",
        *,
        batch: int,
        threads: int | None,
        precision: Precision = "float32",
    ) -> None:
        self._stages = tuple(stages)
        self._poolers = dict(poolers)
        self._device = device
        self._batch = batch
        self._threads = threads
        self._precision = precision
        self._lock = threading.Lock()
        self._workers: _Workers | None = None
        self._packed_for: tuple[int, int] | None = None
        self._packed: Sequence[PackedStage] = ()
        self.device = device_name(device) + ("" if precision == "float32" else f", {precision}")
        """``cpu``, or the accelerator with its name, and the precision where it is not float32."""

    def pool(self, pictures: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """Return float32[n, channels] for each pooling from normalised float32[n, height, width, 3], n ≥ 1.

        Raises ModelError where the device's memory runs out.
        """
        import torch

        try:
            pooled = self._on_cpu(pictures) if self._device.type == "cpu" else self._on_accelerator(pictures)
        except torch.OutOfMemoryError as error:
            message = f"The memory of {self.device} is not enough for this model; choose the device cpu."
            raise ModelError(message) from error
        return tuple(np.concatenate(part) for part in zip(*pooled, strict=True))

    def close(self) -> None:
        """Let go of the weights."""
        import torch

        if self._workers is not None:
            self._workers.end()
            self._workers = None
        self._stages = ()
        self._packed = ()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _on_cpu(self, pictures: NDArray[np.float32]) -> list[Parts]:
        """Pool small batches side by side, each on one thread.

        Threads inside a convolution would wait for each other at every layer, which is slower as soon as
        anything else runs on the machine, and would make the bits depend on their number.
        """
        workers, packed = self._ready_for(pictures.shape[1], pictures.shape[2])
        at_once = min(workers.count, len(pictures))
        rounds = math.ceil(len(pictures) / (at_once * self._batch))
        batches = np.array_split(pictures, min(at_once * rounds, len(pictures)))
        return workers.each(lambda batch: self._pool_batch(packed, batch), batches)

    def _on_accelerator(self, pictures: NDArray[np.float32]) -> list[Parts]:
        import torch

        starts = range(0, len(pictures), self._batch)
        with (
            self._lock,
            torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False),
        ):
            return [self._pool_batch(self._stages, pictures[start : start + self._batch]) for start in starts]

    def _ready_for(self, height: int, width: int) -> "tuple[_Workers, Sequence[PackedStage]]":
        """Return the threads, and the network made ready for pictures of this size."""
        with self._lock:
            if self._workers is None:
                self._workers = _Workers(self._threads)
            if self._packed_for != (height, width):
                shape = (self._batch, 3, height, width)
                packs = can_pack(self._precision)
                self._packed = pack_stages(self._stages, shape) if packs else self._stages
                self._packed_for = (height, width)
            return self._workers, self._packed

    def _pool_batch(self, stages: "Sequence[PackedStage]", pictures: NDArray[np.float32]) -> Parts:
        import torch

        pooled: dict[Pooling, NDArray[np.float32]] = {}
        with torch.inference_mode():
            # A view of pixels-then-channels as channels-then-pixels is what torch calls channels-last.
            values = torch.from_numpy(pictures).to(self._device).permute(0, 3, 1, 2)
            values = values.to(getattr(torch, self._precision))
            for feature_map, stage in stages:
                values = stage(values)
                for part, pool in self._poolers.items():
                    if part.feature_map == feature_map:
                        pooled[part] = pool(values.float()).cpu().numpy()
        return [pooled[part] for part in self._poolers]


class _Workers:
    """Threads in each of which torch computes on that thread alone."""

    def __init__(self, count: int | None) -> None:
        """Start so many threads, None for as many as torch would use."""
        import torch

        before = torch.get_num_threads()
        self.count = before if count is None else count
        self._executor = ThreadPoolExecutor(self.count, "network", initializer=_compute_on_this_thread_alone)
        everyone = threading.Barrier(self.count)
        try:
            for started in [self._executor.submit(everyone.wait) for _ in range(self.count)]:
                started.result()
        finally:
            torch.set_num_threads(before)  # what a thread chooses for itself, later ones would begin with

    def each(
        self, run: Callable[[NDArray[np.float32]], Parts], batches: Sequence[NDArray[np.float32]]
    ) -> list[Parts]:
        """Return what is made of every batch, in their order, once all of them are done."""
        return list(self._executor.map(run, batches))

    def end(self) -> None:
        """End the threads."""
        self._executor.shutdown(cancel_futures=True)


def _compute_on_this_thread_alone() -> None:
    import torch

    torch.get_num_threads()  # torch looks once in each thread how many there are to be, and must have done so
    torch.set_num_threads(1)


def load_network(
    architecture: Architecture,
    content: bytes,
    file: Path,
    pooling: tuple[Pooling, ...],
    *,
    device: str = "auto",
    threads: int | None = None,
    precision: Precision = "float32",
    positions: bool = False,
) -> Network:
    """Return the network with the weights in ``content``, a ``.pth`` or ``.safetensors`` file's bytes.

    ``file`` only names them in messages. ``device`` is ``auto`` (CUDA where it works, else the CPU), ``cpu``,
    ``cuda`` or ``cuda:N``. ``threads`` is how many pictures the CPU works on side by side, None as many as torch
    would use; the bits do not depend on it. In another ``precision`` than float32 the feature maps are rounded to
    it, and what is pooled from them is not. Convolutions take in their batch normalisation and lie
    channels-last, which is faster and equals the plain network within 1e-4. With ``positions`` every position's own
    vector is given, float32[n, positions, channels], in place of each pooling. Raises ModelError.
    """
    import torch

    if architecture.name.startswith("onnx/"):
        if precision != "float32":
            message = "Networks in ONNX files run in the precision they were made for; leave it out."
            raise ModelError(message)
        return _load_onnx(architecture, content, file, pooling, device=device, threads=threads)
    chosen = choose_device(device)
    state, tuned, own = split_state(read_state(content, file))
    backbone = build_backbone(architecture, state, file, tuned)
    needed = _needed(backbone.stages, pooling)
    numbers = getattr(torch, precision)
    placed = [
        (name, stage.eval().requires_grad_(False).to(chosen, numbers, memory_format=torch.channels_last))  # type: ignore[call-overload]  # torch's stub omits memory_format for modules
        for name, stage in needed
    ]
    tensors = {name: tensor.to(chosen) for name, tensor in own.items()}
    poolers = {
        part: every_position(backbone.prefix_tokens)
        if positions
        else pooler(
            part,
            tensors,
            prefix_tokens=backbone.prefix_tokens,
            channels=architecture.channels[part.feature_map],
        )
        for part in pooling
    }
    batch = architecture.cpu_batch if chosen.type == "cpu" else _ACCELERATOR_BATCH
    return Network(placed, poolers, chosen, batch=batch, threads=threads, precision=precision)


def _load_onnx(
    architecture: Architecture,
    content: bytes,
    file: Path,
    pooling: tuple[Pooling, ...],
    *,
    device: str,
    threads: int | None,
) -> Network:
    """Return the network in an ONNX file, which runs on the CPU, whatever else there is."""
    if device not in {"auto", "cpu"}:
        message = (
            f"Networks in ONNX files run on the CPU here, not on {device}; choose the device auto or cpu."
        )
        raise ModelError(message)
    backbone, runs_it = onnx_network(architecture.name, content, file)
    (channels,) = architecture.channels.values()
    poolers = {
        part: pooler(part, {}, prefix_tokens=backbone.prefix_tokens, channels=channels) for part in pooling
    }
    chosen = choose_device("cpu")
    network = Network(backbone.stages, poolers, chosen, batch=architecture.cpu_batch, threads=threads)
    network.device = f"{network.device} ({runs_it})"
    return network


def _needed(stages: "Sequence[Stage]", pooling: tuple[Pooling, ...]) -> "list[Stage]":
    """Return the stages up to the last one that something is pooled from."""
    wanted = {part.feature_map for part in pooling}
    last = max(number for number, (name, _) in enumerate(stages) if name in wanted)
    return list(stages[: last + 1])


def split_state(state: "State") -> "tuple[State, State, State]":
    """Return a model file's tensors as those of the network, those tuned in training, and those of its poolings."""
    tuned = {name: tensor for name, tensor in state.items() if name.startswith(TUNED_PREFIX)}
    own = {name: tensor for name, tensor in state.items() if name.startswith(TENSORS_PREFIX)}
    rest = {
        name: tensor
        for name, tensor in state.items()
        # what GeoCLIP knows of places is no part of the image network
        if name not in tuned and name not in own and name != GALLERY and not name.startswith(LOCATION_PREFIX)
    }
    return rest, tuned, own


def build_backbone(
    architecture: Architecture, state: "State", file: Path, tuned: "State | None" = None
) -> Backbone:
    """Return the network without its poolings, ``tuned`` weights of its built layers in place of the others.

    Raises ModelError where the weights are another network's.
    """
    backbone = _built(architecture, state, file)
    take_tuned(backbone, tuned or {}, file)
    return backbone


def _built(architecture: Architecture, state: "State", file: Path) -> Backbone:
    library, slash, name = architecture.name.partition("/")
    if slash and library == "timm":
        return timm_network(name, state, file)
    if slash and library == "torchvision":
        return torchvision_network(name, state, file)
    if slash and library == "geoclip":
        return geoclip_network(name, state, file)
    return Backbone(_BUILDERS[architecture.name](state, file))


_BUILDERS: "dict[str, Callable[[State, Path], list[Stage]]]" = {
    "efficientnet-lite0": efficientnet_lite0,
    "vgg16": vgg16,
}
