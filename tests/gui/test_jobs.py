import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from geolocdesk.engine.messages import Job
from geolocdesk.errors import PackError
from geolocdesk.gui.jobs import EngineJob, EngineJobs, Failure, TaskRunner
from geolocdesk.progress import Progress, ProgressCallback
from tests.doubles import engine_jobs

WAIT_MS = 60_000


def refused(failure: Failure) -> None:
    pytest.fail(failure.message)


def unheard(progress: Progress) -> None:
    pytest.fail(f"heard of {progress}")


@pytest.fixture
def engine(qtbot: QtBot) -> Iterator[EngineJobs]:
    jobs = EngineJobs(make_workshop=engine_jobs.MakeFakeWorkshop())
    yield jobs
    with qtbot.waitSignal(jobs.ended, timeout=WAIT_MS):
        jobs.close()


@pytest.fixture
def runner() -> Iterator[TaskRunner]:
    made = TaskRunner("test", threads=1)
    yield made
    made.close()


def results_of(job: EngineJob) -> list[object]:
    found: list[object] = []
    job.produced.connect(found.append)
    return found


def test_an_engine_job_speaks_in_signals_of_the_gui_thread(qtbot: QtBot, engine: EngineJobs) -> None:
    threads: set[threading.Thread] = set()
    job = engine.run(engine_jobs.Count(total=3))
    found = results_of(job)
    job.produced.connect(lambda _result: threads.add(threading.current_thread()))
    assert engine.is_busy
    with qtbot.waitSignal(job.closed, timeout=WAIT_MS):
        pass
    assert found == [0, 1, 2]
    assert threads == {threading.main_thread()}
    assert not engine.is_busy


def test_a_cancelled_job_says_so_and_keeps_its_results(qtbot: QtBot, engine: EngineJobs) -> None:
    job = engine.run(engine_jobs.Spin())
    found = results_of(job)
    with qtbot.waitSignal(job.progressed, timeout=WAIT_MS):
        pass
    with qtbot.waitSignal(job.cancelled, timeout=WAIT_MS):
        job.cancel()
    assert found == [1]


@pytest.mark.parametrize(
    ("failing", "kind"), [(engine_jobs.Refuse(), "pack"), (engine_jobs.Crash(), "engine")]
)
def test_failures_are_sentences(qtbot: QtBot, engine: EngineJobs, failing: Job, kind: str) -> None:
    job = engine.run(failing)
    with qtbot.waitSignal(job.failed, timeout=WAIT_MS) as caught:
        pass
    failure: Failure = caught.args[0]
    assert (failure.kind, failure.is_bug) == (kind, False)
    assert failure.message.endswith(".")


def test_a_bug_is_logged_with_its_traceback(
    qtbot: QtBot, engine: EngineJobs, caplog: pytest.LogCaptureFixture
) -> None:
    job = engine.run(engine_jobs.Stumble())
    with qtbot.waitSignal(job.failed, timeout=WAIT_MS) as caught:
        pass
    assert caught.args[0].is_bug
    assert "ZeroDivisionError" in caught.args[0].details
    assert "ZeroDivisionError" in caplog.text


def test_a_task_runs_elsewhere_and_ends_here(qtbot: QtBot, runner: TaskRunner) -> None:
    seen: list[object] = []

    def work(progress: ProgressCallback) -> str:
        progress(Progress("Hashing", 1, 2))
        return threading.current_thread().name

    runner.run(work, seen.append, refused, seen.append)
    qtbot.waitUntil(lambda: len(seen) == 2, timeout=WAIT_MS)
    assert seen[0] == Progress("Hashing", 1, 2)
    assert str(seen[1]).startswith("test")


def test_typed_errors_and_bugs_of_tasks_are_told_apart(
    qtbot: QtBot, runner: TaskRunner, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[None] = []
    failures: list[Failure] = []

    def refuse(_progress: ProgressCallback) -> None:
        message = "The pack is damaged."
        raise PackError(message)

    def stumble(_progress: ProgressCallback) -> None:
        dict[str, int]()["gone"]

    runner.run(refuse, done.append, failures.append)
    runner.run(stumble, done.append, failures.append)
    qtbot.waitUntil(lambda: len(failures) == 2, timeout=WAIT_MS)
    assert done == []
    assert [(failure.kind, failure.is_bug) for failure in failures] == [("pack", False), ("bug", True)]
    assert "KeyError" in caplog.text


def test_a_cancelled_task_is_not_heard_of_again(qtbot: QtBot, runner: TaskRunner) -> None:
    reached, go = threading.Event(), threading.Event()

    def work(progress: ProgressCallback) -> None:
        reached.set()
        go.wait(60)
        progress(Progress("Hashing", 1))

    done: list[None] = []
    task = runner.run(work, done.append, refused, unheard)
    assert reached.wait(60)
    task.cancel()
    go.set()
    after: list[int] = []
    runner.run(lambda _progress: 1, after.append, refused)
    qtbot.waitUntil(lambda: after == [1], timeout=WAIT_MS)
    assert done == []


def test_a_call_waits_and_passes_errors_on(runner: TaskRunner) -> None:
    assert runner.call(lambda: 2) == 2

    def refuse() -> None:
        message = "no"
        raise PackError(message)

    with pytest.raises(PackError):
        runner.call(refuse)
