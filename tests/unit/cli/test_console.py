"""How commands speak."""

import io

import pytest

from geolocdesk.cli.console import LineReporter, describe_duration, describe_progress
from geolocdesk.progress import Progress


class FakeClock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_progress_says_how_many_how_fast_and_how_long() -> None:
    text = describe_progress(Progress("Describing photos", 50, 200), elapsed_s=10.0)
    assert text == "Describing photos 50/200 · 5.0 a second · 30 s left"


def test_a_resumed_build_does_not_count_what_was_done_before() -> None:
    text = describe_progress(Progress("Describing photos", 150, 200), elapsed_s=10.0, first_done=100)
    assert text == "Describing photos 150/200 · 5.0 a second · 10 s left"


def test_progress_without_a_total_gives_no_time() -> None:
    assert (
        describe_progress(Progress("Fitting", 0, None, "on 1000 photos"), 1.0) == "Fitting (on 1000 photos)"
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3599.9, "1 h 0 min"), (7380, "2 h 3 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert describe_duration(seconds) == text


def test_lines_come_at_the_start_now_and_then_and_at_the_end() -> None:
    stream, clock = io.StringIO(), FakeClock()
    report = LineReporter(stream, clock)
    for done in range(101):
        clock.now = done / 10
        report(Progress("Analysing", done, 100))
    lines = stream.getvalue().splitlines()
    assert lines[0] == "Analysing 0/100"
    assert lines[1].startswith("Analysing 50/100 · 10.0 a second · 5 s left")
    assert lines[-1].startswith("Analysing 100/100")
    assert len(lines) == 3


def test_a_new_task_starts_a_new_line() -> None:
    stream, clock = io.StringIO(), FakeClock()
    report = LineReporter(stream, clock)
    report(Progress("One", 0, 1))
    report(Progress("Two", 0, 1))
    assert stream.getvalue().splitlines() == ["One 0/1", "Two 0/1"]
