"""The only module that imports torch: networks are built, loaded and run here, and nowhere else.

torch is imported inside the functions, so that importing this module costs nothing.
"""

import io
import math
import pickle
import struct
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import ModelError
from geolocdesk.features.architecture import Architecture, Pooling

Parts = list[NDArray[np.float32]]
"""float32[n, channels] for each pooling."""

if TYPE_CHECKING:
    import torch
    from torch import nn

    State = dict[str, torch.Tensor]
    Stage = tuple[str, nn.Module]
    """A feature map's name, and what computes it from the map before."""

_ACCELERATOR_BATCH = 32

_LOADING_ERRORS = (
    pickle.UnpicklingError,
    RuntimeError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    AssertionError,
    EOFError,
    OverflowError,
    MemoryError,
    OSError,
    struct.error,
)
"""What torch's restricted unpickler raises on files that are damaged or hold anything but tensors."""


class Network:
    """Convolutions with their weights on a device, ready to pool feature maps. For one thread at a time."""

    def __init__(
        self,
        stages: "Sequence[Stage]",
        pooling: tuple[Pooling, ...],
        device: "torch.device",
        *,
        batch: int,
        threads: int | None,
    ) -> None:
        self._stages = tuple(stages)
        self._pooling = pooling
        self._device = device
        self._batch = batch
        self._threads = threads
        self.device = _device_name(device)
        """``cpu``, or the accelerator with its name."""

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

        self._stages = ()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _on_cpu(self, pictures: NDArray[np.float32]) -> list[Parts]:
        """Pool small batches side by side, each on one thread.

        Threads inside a convolution would wait for each other at every layer, which is slower as soon as
        anything else runs on the machine, and would make the bits depend on their number.
        """
        import torch

        before = torch.get_num_threads()
        workers = min(before if self._threads is None else self._threads, len(pictures))
        rounds = math.ceil(len(pictures) / (workers * self._batch))
        batches = np.array_split(pictures, min(workers * rounds, len(pictures)))
        try:
            if workers == 1:
                return [self._alone(batch) for batch in batches]
            with ThreadPoolExecutor(workers, "network") as executor:
                return list(executor.map(self._alone, batches))
        finally:
            torch.set_num_threads(before)

    def _on_accelerator(self, pictures: NDArray[np.float32]) -> list[Parts]:
        import torch

        starts = range(0, len(pictures), self._batch)
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            return [self._pool_batch(pictures[start : start + self._batch]) for start in starts]

    def _alone(self, pictures: NDArray[np.float32]) -> Parts:
        import torch

        torch.set_num_threads(1)  # of this thread
        return self._pool_batch(pictures)

    def _pool_batch(self, pictures: NDArray[np.float32]) -> Parts:
        import torch

        pooled: dict[Pooling, NDArray[np.float32]] = {}
        with torch.inference_mode():
            # A view of pixels-then-channels as channels-then-pixels is what torch calls channels-last.
            values = torch.from_numpy(pictures).to(self._device).permute(0, 3, 1, 2)
            for feature_map, stage in self._stages:
                values = stage(values)
                for part in self._pooling:
                    if part.feature_map == feature_map:
                        pooled[part] = _pooled(values, part).cpu().numpy()
        return [pooled[part] for part in self._pooling]


def load_network(
    architecture: Architecture,
    content: bytes,
    file: Path,
    pooling: tuple[Pooling, ...],
    *,
    device: str = "auto",
    threads: int | None = None,
) -> Network:
    """Return the network with the weights in ``content``, a ``.pth`` or ``.safetensors`` file's bytes.

    ``file`` only names them in messages. ``device`` is ``auto`` (CUDA where it works, else the CPU), ``cpu``,
    ``cuda`` or ``cuda:N``. ``threads`` is how many pictures the CPU works on side by side, None as many as torch
    would use; the bits do not depend on it. Convolutions take in their batch normalisation and lie
    channels-last, which is faster and equals the plain network within 1e-4. Raises ModelError.
    """
    import torch

    chosen = _choose_device(device)
    state = _read_state(content, file)
    stages = _BUILDERS[architecture.name](state, file)
    placed = [
        (name, stage.eval().requires_grad_(False).to(chosen, memory_format=torch.channels_last))  # type: ignore[call-overload]  # torch's stub omits memory_format for modules
        for name, stage in stages
    ]
    batch = architecture.cpu_batch if chosen.type == "cpu" else _ACCELERATOR_BATCH
    return Network(placed, pooling, chosen, batch=batch, threads=threads)


def read_tensors(content: bytes, file: Path) -> dict[str, NDArray[np.float32]]:
    """Return the tensors in ``content``, a ``.pth`` or ``.safetensors`` file's bytes, by name.

    Whole numbers become float32 too. No code in the file can run. Raises ModelError.
    """
    return {name: tensor.float().numpy() for name, tensor in _read_state(content, file).items()}


def _pooled(values: "torch.Tensor", part: Pooling) -> "torch.Tensor":
    match part.statistic:
        case "mean":
            return values.mean(dim=(2, 3))
        case "std":
            return values.std(dim=(2, 3), correction=0)
        case "max":
            return values.amax(dim=(2, 3))


def _efficientnet_lite0(state: "State", file: Path) -> "list[Stage]":
    """Return timm's EfficientNet-Lite0 up to its head, cut after block 10, with its normalisations folded."""
    import timm
    import torch
    from torch import nn

    with torch.device("meta"):  # neither memory nor random numbers are spent on weights soon replaced
        network = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=0)
    without_head = {
        _timm_name(name): tensor
        for name, tensor in state.items()
        if not name.startswith(("_fc.", "classifier."))
    }
    _load_state(network, without_head, file)
    network.eval()
    blocks = [block for stage in network.get_submodule("blocks").children() for block in stage.children()]
    _fold(network, "conv_stem", "bn1")
    _fold(network, "conv_head", "bn2")
    for block in blocks:
        for convolution, normalisation in _PAIRS if hasattr(block, "conv_pwl") else _PAIRS_WITHOUT_EXPANSION:
            _fold(block, convolution, normalisation)
    stem = (network.get_submodule("conv_stem"), network.get_submodule("bn1"))
    head = (network.get_submodule("conv_head"), network.get_submodule("bn2"))
    return [("block-10", nn.Sequential(*stem, *blocks[:11])), ("final", nn.Sequential(*blocks[11:], *head))]


_PAIRS = (("conv_pw", "bn1"), ("conv_dw", "bn2"), ("conv_pwl", "bn3"))
_PAIRS_WITHOUT_EXPANSION = (("conv_dw", "bn1"), ("conv_pw", "bn2"))
_BLOCKS_PER_STAGE = (1, 2, 2, 3, 3, 4, 1)
_OUTER_NAMES = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2"}
_INNER_NAMES = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
_INNER_NAMES_WITHOUT_EXPANSION = {
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn1",
    "_project_conv": "conv_pw",
    "_bn2": "bn2",
}


def _timm_name(name: str) -> str:
    """Return timm's name for a tensor named as in the companion code of the weights; others stay."""
    head, _, rest = name.partition(".")
    if head in _OUTER_NAMES:
        return f"{_OUTER_NAMES[head]}.{rest}"
    if head != "_blocks":
        return name
    number, _, rest = rest.partition(".")
    layer, _, rest = rest.partition(".")
    if not number.isdecimal() or int(number) >= sum(_BLOCKS_PER_STAGE):
        return name
    names = _INNER_NAMES if int(number) else _INNER_NAMES_WITHOUT_EXPANSION
    position = int(number)
    for stage, blocks in enumerate(_BLOCKS_PER_STAGE):
        if position < blocks:
            return f"blocks.{stage}.{position}.{names.get(layer, layer)}.{rest}"
        position -= blocks
    return name


def _fold(parent: "nn.Module", convolution: str, normalisation: str) -> None:
    """Let a convolution take in timm's normalisation after it, of which only the activation stays."""
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    before, after = parent.get_submodule(convolution), parent.get_submodule(normalisation)
    setattr(parent, convolution, fuse_conv_bn_eval(before, after))  # type: ignore[arg-type,type-var]  # as timm built them
    setattr(parent, normalisation, after.get_submodule("act"))


def _vgg16(state: "State", file: Path) -> "list[Stage]":
    """Return torchvision's VGG-16 from the first convolution to the ReLU after conv5_3."""
    import torch
    import torchvision

    with torch.device("meta"):
        convolutions = torchvision.models.vgg16(weights=None, init_weights=False).features[:30]
    without_classifier = {
        name.removeprefix("features."): tensor
        for name, tensor in state.items()
        if not name.startswith("classifier.")
    }
    _load_state(convolutions, without_classifier, file)
    return [("conv5_3", convolutions)]


_BUILDERS: "dict[str, Callable[[State, Path], list[Stage]]]" = {
    "efficientnet-lite0": _efficientnet_lite0,
    "vgg16": _vgg16,
}


def _read_state(content: bytes, file: Path) -> "State":
    """Return the tensors of a weights file as float32, read so that no code in it can run."""
    import safetensors
    import safetensors.torch
    import torch

    loaded: object
    try:
        if content[8:9] == b"{":  # a safetensors file: eight bytes of length, then JSON
            loaded = safetensors.torch.load(content)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore"
                )  # torch's remarks on odd pickles; the tensors are checked below
                loaded = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        message = (
            f"{file} holds more than plain weights, or is damaged, and was not opened: a weights file of this "
            "kind could run a program. Save it anew as a state dictionary or as safetensors."
        )
        raise ModelError(message) from error
    except (*_LOADING_ERRORS, safetensors.SafetensorError) as error:
        message = f"{file} is no weights file, or it is damaged; bring a whole .pth or .safetensors file."
        raise ModelError(message) from error
    if isinstance(loaded, dict) and isinstance(loaded.get("state_dict"), dict):
        loaded = loaded["state_dict"]
    named = isinstance(loaded, dict) and all(
        isinstance(name, str) and _is_plain(value) for name, value in loaded.items()
    )
    if not isinstance(loaded, dict) or not named:
        message = f"{file} does not hold a state dictionary: names with a tensor each."
        raise ModelError(message)
    return {name: value.float() if value.is_floating_point() else value for name, value in loaded.items()}


def _is_plain(value: object) -> bool:
    import torch

    return (
        isinstance(value, torch.Tensor)
        and value.layout == torch.strided
        and not (value.is_quantized or value.is_complex() or value.is_meta)
    )


def _load_state(module: "nn.Module", state: "State", file: Path) -> None:
    """Give a module its weights. Raises ModelError where they are another network's or not finite."""
    import torch

    try:
        module.load_state_dict(state, strict=True, assign=True)
    except (RuntimeError, AttributeError) as error:
        wanted = module.state_dict()
        wrong = [name for name in wanted if name not in state or state[name].shape != wanted[name].shape]
        wrong += [name for name in state if name not in wanted]
        message = (
            f"{file} holds the weights of another network: “{(wrong or ['?'])[0]}” is missing, left over or of "
            "another shape."
        )
        raise ModelError(message) from error
    if not all(torch.isfinite(tensor).all() for tensor in state.values()):
        message = f"{file} holds weights that are no finite numbers; bring an undamaged file."
        raise ModelError(message)


def _choose_device(wanted: str) -> "torch.device":
    import torch

    if wanted == "cpu":
        return torch.device("cpu")
    if wanted == "auto":
        automatic = torch.device("cuda", 0)
        return automatic if torch.cuda.is_available() and not _fault(automatic) else torch.device("cpu")
    kind, _, number = wanted.partition(":")
    if kind != "cuda" or not (number or "0").isdecimal():
        message = f"There is no device “{wanted}”; choose auto, cpu, cuda or cuda:N."
        raise ModelError(message)
    chosen = torch.device("cuda", int(number or "0"))
    if fault := _fault(chosen):
        message = f"The device {wanted} cannot be used here ({fault}); choose the device auto or cpu."
        raise ModelError(message)
    return chosen


def _fault(device: "torch.device") -> str:
    """Return why a device cannot convolve, or an empty text where it can."""
    import torch

    try:
        ones = torch.ones((1, 1, 3, 3), device=device)
        torch.nn.functional.conv2d(ones, ones).cpu()
    except (RuntimeError, AssertionError) as error:
        return str(error).strip().splitlines()[0]
    return ""


def _device_name(device: "torch.device") -> str:
    import torch

    return "cpu" if device.type == "cpu" else f"{device} ({torch.cuda.get_device_name(device)})"
