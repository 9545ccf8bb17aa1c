"""Weights files read without running anything in them, and given to a module."""

import io
import pickle
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import ModelError
from geolocdesk.features.weights import unreadable

if TYPE_CHECKING:
    import torch
    from torch import nn

State: TypeAlias = "dict[str, torch.Tensor]"
"""A state dictionary: tensors by name."""

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


def read_tensors(content: bytes, file: Path) -> dict[str, NDArray[np.float32]]:
    """Return the tensors in ``content``, a ``.pth`` or ``.safetensors`` file's bytes, by name.

    Whole numbers become float32 too. No code in the file can run. Raises ModelError.
    """
    return {name: tensor.float().numpy() for name, tensor in read_state(content, file).items()}


def read_state(content: bytes, file: Path) -> "State":
    """Return the tensors of a weights file as float32, read so that no code in it can run."""
    return _plain_tensors(_loaded(content, file), file)


def read_tensor(content: bytes, file: Path) -> "torch.Tensor":
    """Return the one tensor of a ``.pth`` file's bytes as float32. Raises ModelError where it holds anything else."""
    import torch

    tensor = _loaded(content, file)
    if not isinstance(tensor, torch.Tensor) or not _is_plain(tensor):
        message = f"{file} does not hold one tensor; bring the original file."
        raise ModelError(message)
    return tensor.detach().float()


def _loaded(content: bytes, file: Path) -> object:
    """Return what a weights file holds, read so that no code in it can run."""
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
        if "TorchScript" in str(error):
            message = (
                f"{file} is a TorchScript archive, which is a program, and was not opened. Save its state dictionary "
                "as safetensors where you trust it, and import that."
            )
            raise ModelError(message) from error
        message = f"{file} is no weights file, or it is damaged; bring a whole .pth or .safetensors file."
        raise ModelError(message) from error
    return loaded


def read_state_of(path: Path, keep: "Callable[[str], bool]") -> "State":
    """Return the tensors of a weights file whose names ``keep`` accepts, the others of a safetensors file unread.

    No code in the file can run. Raises ModelError.
    """
    import safetensors

    try:
        with path.open("rb") as stream:
            start = stream.read(9)
        if start[8:9] != b"{":
            whole = read_state(path.read_bytes(), path)
            return {name: tensor for name, tensor in whole.items() if keep(name)}
        with safetensors.safe_open(path, "pt") as opened:
            kept = {name: opened.get_tensor(name) for name in opened.keys() if keep(name)}  # noqa: SIM118 - no dictionary
    except OSError as error:
        raise unreadable(path, error) from error
    except safetensors.SafetensorError as error:
        message = f"{path} is no weights file, or it is damaged; bring a whole .pth or .safetensors file."
        raise ModelError(message) from error
    return _plain_tensors(kept, path)


def _plain_tensors(loaded: object, file: Path) -> "State":
    """Return a state dictionary's tensors as float32. Raises ModelError where it is none."""
    if isinstance(loaded, dict):
        loaded = next(
            (loaded[name] for name in ("state_dict", "model") if isinstance(loaded.get(name), dict)), loaded
        )
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


def load_state(module: "nn.Module", state: "State", file: Path) -> None:
    """Give a module its weights. Raises ModelError where they are another network's or not finite."""
    import torch

    kinds = {name: tensor.dtype for name, tensor in module.state_dict().items()}
    state = {name: tensor.to(kinds.get(name, tensor.dtype)) for name, tensor in state.items()}
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
