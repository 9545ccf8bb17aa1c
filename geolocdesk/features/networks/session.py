"""Processes that train together, started by PyTorch's own launcher (``torchrun``), or one alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from geolocdesk.features.networks.device import choose_device, device_name

if TYPE_CHECKING:
    import torch


class Session:
    """Which process this is, of how many, and where it computes."""

    def __init__(self, device: "torch.device", rank: int, count: int) -> None:
        self.torch_device = device
        self.rank = rank
        self.count = count
        self.device = device_name(device)

    def wait_for_all(self) -> None:
        """Return once every process has come here."""
        import torch

        if self.count > 1:
            torch.distributed.barrier()


@contextmanager
def training_session(device: str) -> Iterator[Session]:
    """Give the session: under ``torchrun``, each process takes a GPU of its own, or all share the CPU.

    Raises ModelError where the device cannot be used.
    """
    import torch

    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Session(choose_device(device), 0, 1)
        return
    rank, local = int(os.environ["RANK"]), int(os.environ.get("LOCAL_RANK", "0"))
    chosen = choose_device(device)
    if chosen.type == "cuda":
        chosen = choose_device(f"cuda:{local}")
        torch.cuda.set_device(chosen)
    torch.distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    try:
        yield Session(chosen, rank, count)
    finally:
        torch.distributed.destroy_process_group()
