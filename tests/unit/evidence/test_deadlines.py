import threading

from geolocdesk.evidence.deadlines import Deadlines

PATIENCE_S = 60.0


def test_a_missed_deadline_is_called_once() -> None:
    calls: list[str] = []
    missed, later = threading.Event(), threading.Event()

    def miss() -> None:
        calls.append("missed")
        missed.set()

    with Deadlines(0.01) as deadlines:
        deadlines.set(miss, 0.01)
        assert missed.wait(PATIENCE_S)
        deadlines.set(later.set, 0.03)
        assert later.wait(PATIENCE_S)
    assert calls == ["missed"]


def test_a_cleared_deadline_is_not_called() -> None:
    cleared, later = threading.Event(), threading.Event()
    with Deadlines(0.01) as deadlines:
        deadlines.set(cleared.set, 0.05)
        deadlines.clear(cleared.set)
        deadlines.set(later.set, 0.1)
        assert later.wait(PATIENCE_S)
    assert not cleared.is_set()


def test_a_deadline_set_anew_is_put_off() -> None:
    first, second = threading.Event(), threading.Event()
    with Deadlines(0.01) as deadlines:
        deadlines.set(first.set, 0.01)
        deadlines.set(first.set, PATIENCE_S)
        deadlines.set(second.set, 0.05)
        assert second.wait(PATIENCE_S)
        assert not first.is_set()


def test_a_shorter_deadline_overtakes_a_longer_one() -> None:
    long, short = threading.Event(), threading.Event()
    with Deadlines(0.01) as deadlines:
        deadlines.set(long.set, PATIENCE_S)
        deadlines.set(short.set, 0.01)
        assert short.wait(PATIENCE_S)
        assert not long.is_set()


def test_closing_ends_the_thread_and_forgets() -> None:
    missed = threading.Event()
    deadlines = Deadlines(10.0)
    deadlines.set(missed.set, 10.0)
    (thread,) = (thread for thread in threading.enumerate() if thread.name == "intake deadlines")
    deadlines.close()
    deadlines.close()
    assert not thread.is_alive()
    assert not missed.is_set()


def test_without_a_deadline_there_is_no_thread() -> None:
    with Deadlines(10.0):
        assert "intake deadlines" not in {thread.name for thread in threading.enumerate()}
