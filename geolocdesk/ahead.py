"""Work done in threads ahead of the one who asks for it, and handed over in order."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def done_ahead(
    work: Callable[[Given], Made], items: Iterable[Given], *, name: str, at_once: int = 2, ahead: int = 3
) -> Generator[Made, None, None]:
    """Yield what ``work`` makes of every item, in order.

    ``at_once`` threads, of this name, work on items beyond the one that is waited for: one at first, so that the
    first result comes soon, then one more with every result, up to ``ahead``. Items are asked for in the caller's
    thread. An error comes where the result would have come. Closing the generator gives up what has not begun and
    waits for what has.
    """
    with ThreadPoolExecutor(at_once, name) as executor:
        begun: deque[Future[Made]] = deque()
        lead = 1
        try:
            for item in items:
                begun.append(executor.submit(work, item))
                if len(begun) > lead:
                    yield begun.popleft().result()
                    lead = min(lead + 1, ahead)
            while begun:
                yield begun.popleft().result()
        finally:
            for given_up in begun:
                given_up.cancel()
