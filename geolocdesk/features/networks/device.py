"""Where a network runs: the CPU or an accelerator that works."""

from typing import TYPE_CHECKING

from geolocdesk.errors import ModelError

if TYPE_CHECKING:
    import torch


def choose_device(wanted: str) -> "torch.device":
    """Return the device named ``auto`` (CUDA where it works, else the CPU), ``cpu``, ``cuda`` or ``cuda:N``.

    Raises ModelError where there is none of that name or it does not work here.
    """
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


def device_name(device: "torch.device") -> str:
    """Return ``cpu``, or the accelerator with its name."""
    import torch

    return "cpu" if device.type == "cpu" else f"{device} ({torch.cuda.get_device_name(device)})"
