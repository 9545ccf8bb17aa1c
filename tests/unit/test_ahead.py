"""Work done ahead, in order."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from geolocdesk.ahead import done_ahead


def test_results_come_in_the_order_of_the_items_whichever_is_done_first() -> None:
    second_done = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            assert second_done.wait(timeout=60)
        if number == 1:
            second_done.set()
        return number * number

    assert list(done_ahead(work, range(20), name="work")) == [number * number for number in range(20)]


def test_nothing_comes_of_nothing() -> None:
    assert list(done_ahead(str, [], name="work")) == []


def test_the_first_result_waits_for_one_more_item_and_the_lead_grows_to_its_limit() -> None:
    asked: list[int] = []

    def items() -> Iterator[int]:
        for number in range(10):
            asked.append(number)
            yield number

    with closing(done_ahead(str, items(), name="work", ahead=3)) as results:
        seen = [(result, len(asked)) for result in results]
    assert [count - int(result) - 1 for result, count in seen] == [1, 2, 3, 3, 3, 3, 3, 2, 1, 0]


def test_items_are_asked_for_in_the_callers_thread_and_worked_on_in_others() -> None:
    asking: set[str] = set()

    def items() -> Iterator[int]:
        for number in range(5):
            asking.add(threading.current_thread().name)
            yield number

    working = set(done_ahead(lambda _number: threading.current_thread().name, items(), name="work"))
    assert asking == {threading.current_thread().name}
    assert all(name.startswith("work") for name in working)


def test_an_error_comes_where_the_result_would_have_come() -> None:
    def work(number: int) -> int:
        return 12 // number

    results = done_ahead(work, [3, 2, 0, 1], name="work")
    assert [next(results), next(results)] == [4, 6]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_closing_gives_up_what_has_not_begun_and_waits_for_what_has() -> None:
    second_begun, go_on = threading.Event(), threading.Event()
    begun, finished = [], []

    def work(number: int) -> int:
        begun.append(number)
        if number == 2:
            second_begun.set()
            assert go_on.wait(timeout=60)
        finished.append(number)
        return number

    results = done_ahead(work, range(100), name="work", at_once=1)
    assert [next(results), next(results)] == [0, 1]
    assert second_begun.wait(timeout=60)
    threading.Timer(0.05, go_on.set).start()
    results.close()
    assert begun == finished == [0, 1, 2]
