"""TensorBoard's files, where its package is installed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from geolocdesk.errors import UsageError


@contextmanager
def board(folder: Path) -> Iterator[Callable[[int, Mapping[str, float]], None]]:
    """Give what writes numbers by name at a step. Raises UsageError where TensorBoard is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        message = "TensorBoard's files need its package: pip install geolocdesk[tensorboard]."
        raise UsageError(message) from error
    with SummaryWriter(str(folder)) as writer:

        def write(step: int, values: Mapping[str, float]) -> None:
            for name, value in values.items():
                writer.add_scalar(name, value, step)

        yield write
