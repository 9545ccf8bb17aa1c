"""What the engine and its owner tell each other; every message can be pickled."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from geolocdesk.progress import Progress, ProgressCallback

if TYPE_CHECKING:
    from geolocdesk.engine.workshop import Workshop


class Job(Protocol):
    """One piece of work. A job is pickled to the engine; what it yields is pickled back, one by one."""

    @property
    def subject(self) -> str | None:
        """Return what the job is about where only the newest of a kind matters, or None.

        A job with a subject goes ahead of those without, between two of their results, and a waiting one is
        dropped when a newer one with the same subject arrives.
        """
        ...

    @property
    def prepares(self) -> bool:
        """Return whether a fresh engine must run this job again before any other."""
        ...

    def run(self, workshop: "Workshop", progress: ProgressCallback, /) -> Iterator[object]:
        """Yield the job's results. Raises GeolocdeskError for the outside's fault."""
        ...


@dataclass(frozen=True, slots=True)
class Submit:
    """Run a job."""

    number: int
    job: Job


@dataclass(frozen=True, slots=True)
class Cancel:
    """Drop or interrupt a job; what it yielded stays."""

    number: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Interrupt everything and end."""


Command = Submit | Cancel | Stop


@dataclass(frozen=True, slots=True)
class Started:
    """The engine took up a job."""

    number: int


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far a job is; at most ten a second."""

    number: int
    progress: Progress


@dataclass(frozen=True, slots=True)
class Produced:
    """One result of a job."""

    number: int
    result: object


@dataclass(frozen=True, slots=True)
class Finished:
    """A job yielded everything it had."""

    number: int


@dataclass(frozen=True, slots=True)
class WasCancelled:
    """A job ended early because it was told to."""

    number: int


@dataclass(frozen=True, slots=True)
class Superseded:
    """A waiting job was dropped for a newer one on the same subject."""

    number: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A job ended with an error, after what it had produced.

    ``kind`` is a GeolocdeskError's kind; ``engine`` when the process itself ended; ``bug`` for our own fault.
    """

    number: int
    kind: str
    message: str
    details: str = ""
    """A traceback for a bug; empty otherwise."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The engine is gone for good, by request; the last event there is."""


Event = Started | Progressed | Produced | Finished | WasCancelled | Superseded | Failed | Ended
Closing = Finished | WasCancelled | Superseded | Failed
"""The last event of one job."""
