"""Jobs and a workshop for the tests of the engine; the child imports this by name, so it imports little."""

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from geolocdesk.engine.workshop import Workshop
from geolocdesk.errors import PackError
from geolocdesk.progress import Progress, ProgressCallback


class FakeWorkshop(Workshop):
    """Remembers what was opened and leaves a file when it is closed properly."""

    def __init__(self, closed_file: Path | None = None) -> None:
        super().__init__()
        self.opened: str | None = None
        self._closed_file = closed_file

    def close(self) -> None:
        if self._closed_file is not None:
            self._closed_file.write_text("closed")


@dataclass(frozen=True)
class MakeFakeWorkshop:
    closed_file: Path | None = None

    def __call__(self) -> FakeWorkshop:
        return FakeWorkshop(self.closed_file)


@dataclass(frozen=True)
class FakeJob:
    """Base of the jobs here."""

    subject: str | None = None
    prepares: bool = False


@dataclass(frozen=True)
class Open(FakeJob):
    name: str = "pack"
    prepares: bool = True

    def run(self, workshop: Workshop, _progress: ProgressCallback) -> Iterator[str]:
        assert isinstance(workshop, FakeWorkshop)
        workshop.opened = self.name
        yield f"opened {self.name}"


@dataclass(frozen=True)
class Say(FakeJob):
    """Yields words, and with each the process that said it and what is open there."""

    words: tuple[str, ...] = ()

    def run(self, workshop: Workshop, _progress: ProgressCallback) -> Iterator[tuple[str, int, str | None]]:
        assert isinstance(workshop, FakeWorkshop)
        for word in self.words:
            yield word, os.getpid(), workshop.opened


@dataclass(frozen=True)
class Count(FakeJob):
    """Counts with progress; where ``go`` is named, says it waits after the first number until that file is there."""

    total: int = 3
    go: Path | None = None

    def run(self, _workshop: Workshop, progress: ProgressCallback) -> Iterator[int]:
        for number in range(self.total):
            progress(Progress("Counting", number, self.total))
            yield number
            if number == 0 and self.go is not None:
                progress(Progress("Waiting", 1, 1))
                _wait_for(self.go)
        progress(Progress("Counting", self.total, self.total))


@dataclass(frozen=True)
class Refuse(FakeJob):
    def run(self, _workshop: Workshop, _progress: ProgressCallback) -> Iterator[int]:
        yield 1
        message = "The pack is damaged; restore it from a copy."
        raise PackError(message)


@dataclass(frozen=True)
class Stumble(FakeJob):
    def run(self, _workshop: Workshop, _progress: ProgressCallback) -> Iterator[int]:
        yield 1 // int("0")


@dataclass(frozen=True)
class Crash(FakeJob):
    def run(self, _workshop: Workshop, _progress: ProgressCallback) -> Iterator[int]:
        yield 1
        os._exit(3)


@dataclass(frozen=True)
class Hang(FakeJob):
    """Never yields, never reports, never listens."""

    def run(self, _workshop: Workshop, _progress: ProgressCallback) -> Iterator[int]:
        yield 1
        threading.Event().wait()


@dataclass(frozen=True)
class Spin(FakeJob):
    """Reports progress for ever and yields once."""

    def run(self, _workshop: Workshop, progress: ProgressCallback) -> Iterator[int]:
        yield 1
        done = 0
        while True:
            done += 1
            progress(Progress("Spinning", done))
            threading.Event().wait(0.001)


def _wait_for(file: Path) -> None:
    while not file.exists():
        threading.Event().wait(0.002)
