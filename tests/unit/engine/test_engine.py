import os
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import pytest

from geolocdesk.engine.engine import Engine
from geolocdesk.engine.messages import (
    Ended,
    Event,
    Failed,
    Finished,
    Produced,
    Progressed,
    Started,
    Superseded,
    WasCancelled,
)
from tests.doubles import engine_jobs

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT_S = 60.0


class Watched:
    """An engine and everything it said so far."""

    def __init__(self, closed_file: Path | None, grace_s: float) -> None:
        self._queue: SimpleQueue[Event] = SimpleQueue()
        self.events: list[Event] = []
        self.engine = Engine(
            self._queue.put, make_workshop=engine_jobs.MakeFakeWorkshop(closed_file), grace_s=grace_s
        )

    def until(self, wanted: "Callable[[Event], bool]") -> Event:
        """Return the first event that is wanted, taking in what comes before it."""
        while True:
            event = self._queue.get(timeout=WAIT_S)
            self.events.append(event)
            if wanted(event):
                return event

    def until_closed(self, number: int) -> Event:
        """Return the last event of a job."""
        closing = Finished | WasCancelled | Superseded | Failed
        return self.until(lambda event: isinstance(event, closing) and event.number == number)

    def results(self, number: int) -> list[Any]:
        """Return what a job yielded so far."""
        return [
            event.result for event in self.events if isinstance(event, Produced) and event.number == number
        ]


def is_waiting(event: Event) -> bool:
    return isinstance(event, Progressed) and event.progress.task == "Waiting"


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path / "closed", grace_s=20.0)
    yield made
    made.engine.close()
    assert made.engine.join(WAIT_S)


def test_results_come_one_by_one_from_another_process(watched: Watched) -> None:
    number = watched.engine.submit(engine_jobs.Say(words=("a", "b")))
    assert watched.until_closed(number) == Finished(number)
    assert watched.events[0] == Started(number)
    words, processes, _opened = zip(*watched.results(number), strict=True)
    assert words == ("a", "b")
    assert os.getpid() not in processes


def test_progress_is_reported_and_the_last_step_is_never_left_out(watched: Watched) -> None:
    number = watched.engine.submit(engine_jobs.Count(total=500))
    watched.until_closed(number)
    steps = [event.progress for event in watched.events if isinstance(event, Progressed)]
    assert steps[-1].done == 500
    assert len(steps) < 500


def test_typed_errors_arrive_as_sentences_after_what_was_finished(watched: Watched) -> None:
    number = watched.engine.submit(engine_jobs.Refuse())
    assert watched.until_closed(number) == Failed(
        number, "pack", "The pack is damaged; restore it from a copy."
    )
    assert watched.results(number) == [1]


def test_a_bug_ends_one_job_with_its_traceback_and_not_the_engine(watched: Watched) -> None:
    number = watched.engine.submit(engine_jobs.Stumble())
    failed = watched.until_closed(number)
    assert isinstance(failed, Failed)
    assert failed.kind == "bug"
    assert "ZeroDivisionError" in failed.message
    assert "engine_jobs.py" in failed.details
    after = watched.engine.submit(engine_jobs.Say(words=("still here",)))
    assert watched.until_closed(after) == Finished(after)


def test_cancelling_a_running_job_keeps_what_it_yielded(watched: Watched) -> None:
    number = watched.engine.submit(engine_jobs.Spin())
    watched.until(lambda event: isinstance(event, Progressed))
    watched.engine.cancel(number)
    assert watched.until_closed(number) == WasCancelled(number)
    assert watched.results(number) == [1]


def test_cancelling_between_two_results_stops_a_batch_there(watched: Watched, tmp_path: Path) -> None:
    go = tmp_path / "go"
    number = watched.engine.submit(engine_jobs.Count(total=1000, go=go))
    watched.until(is_waiting)
    behind = watched.engine.submit(engine_jobs.Say(words=("never said",)))
    watched.engine.cancel(behind)
    assert watched.until_closed(behind) == WasCancelled(behind)
    watched.engine.cancel(number)
    live = watched.engine.submit(engine_jobs.Say(subject="photo", words=("x",)))
    replaced = watched.engine.submit(engine_jobs.Say(subject="photo", words=("y",)))
    assert watched.until_closed(live) == Superseded(live)  # so the cancellation before it arrived too
    go.touch()
    assert watched.until_closed(number) == WasCancelled(number)
    assert watched.results(number) == [0]
    assert watched.until_closed(replaced) == Finished(replaced)


def test_live_jobs_run_between_two_results_and_only_the_newest_does(watched: Watched, tmp_path: Path) -> None:
    go = tmp_path / "go"
    batch = watched.engine.submit(engine_jobs.Count(total=50, go=go))
    watched.until(is_waiting)
    requests = [watched.engine.submit(engine_jobs.Say(subject="photo", words=(str(n),))) for n in range(20)]
    other = watched.engine.submit(engine_jobs.Say(subject="another photo", words=("other",)))
    for stale in requests[:-1]:
        assert watched.until_closed(stale) == Superseded(stale)
    go.touch()
    watched.until_closed(batch)
    closed = [event.number for event in watched.events if isinstance(event, Finished)]
    assert set(closed) == {requests[-1], other, batch}
    assert closed[-1] == batch
    assert [word for word, *_rest in watched.results(requests[-1])] == ["19"]


def test_a_crash_fails_what_was_held_and_the_next_job_finds_a_prepared_engine(watched: Watched) -> None:
    opening = watched.engine.submit(engine_jobs.Open(name="pack of Paris"))
    watched.until_closed(opening)
    crashing = watched.engine.submit(engine_jobs.Crash())
    behind = watched.engine.submit(engine_jobs.Say(words=("lost",)))
    failed = watched.until_closed(crashing)
    assert isinstance(failed, Failed)
    assert failed.kind == "engine"
    assert "exit code 3" in failed.message
    assert watched.results(crashing) == [1]
    # A job sent just before the crash either fell with the engine or was taken up by its successor.
    assert isinstance(watched.until_closed(behind), Failed | Finished)
    after = watched.engine.submit(engine_jobs.Say(words=("back",)))
    assert watched.until_closed(after) == Finished(after)
    assert watched.results(after)[0][2] == "pack of Paris"
    assert sum(isinstance(event, Produced) and event.number == opening for event in watched.events) == 1


def test_live_jobs_wait_for_the_preparation_asked_for_before_them(watched: Watched) -> None:
    watched.engine.submit(engine_jobs.Open(name="first"))
    live = watched.engine.submit(engine_jobs.Say(subject="photo", words=("x",)))
    watched.until_closed(live)
    assert watched.results(live)[0][2] == "first"


def test_closing_ends_a_busy_engine_in_order(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "closed", grace_s=20.0)
    number = watched.engine.submit(engine_jobs.Spin())
    watched.until(lambda event: isinstance(event, Produced))
    watched.engine.close()
    assert watched.until_closed(number) == WasCancelled(number)
    assert watched.until(lambda event: isinstance(event, Ended)) == Ended()
    assert watched.engine.join(WAIT_S)
    assert (tmp_path / "closed").read_text() == "closed"
    with pytest.raises(RuntimeError, match="closed"):
        watched.engine.submit(engine_jobs.Say())


@pytest.mark.skipif(sys.platform == "win32", reason="ends through signals")
def test_an_engine_that_does_not_listen_is_ended_by_force(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "closed", grace_s=0.3)
    number = watched.engine.submit(engine_jobs.Hang())
    watched.until(lambda event: isinstance(event, Produced))
    watched.engine.close()
    assert watched.until_closed(number) == WasCancelled(number)
    assert watched.engine.join(WAIT_S)


def test_an_engine_that_never_worked_closes_without_a_process() -> None:
    watched = Watched(None, grace_s=1.0)
    watched.engine.close()
    assert watched.until(lambda event: isinstance(event, Ended)) == Ended()
    assert watched.engine.join(WAIT_S)
