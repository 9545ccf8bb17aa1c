"""Progress as a plain callable, so that no long function knows who is watching."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long task is: ``done`` of ``total`` items (``total`` None when not known yet)."""

    task: str
    done: int
    total: int | None = None
    detail: str = ""


ProgressCallback = Callable[[Progress], None]
"""Called from whichever thread does the work; must return quickly."""


class Cancelled(Exception):  # noqa: N818 - not an error: the user asked for it
    """Raised by a progress callback to stop the task; finished work is kept."""


def ignore_progress(_progress: Progress) -> None:
    """Take a progress report and do nothing with it."""
