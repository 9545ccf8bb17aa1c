"""Deadlines for work that cannot be trusted to end: one thread watches over all of them."""

import threading
import time
from collections.abc import Callable
from types import TracebackType


class Deadlines:
    """Calls whoever has not met a deadline; used by many threads at once.

    The thread looks up at least once in the shortest time that is ever allowed, so a new deadline need not
    wake it.
    """

    def __init__(self, shortest_s: float) -> None:
        self._shortest_s = shortest_s
        self._changed = threading.Condition()
        self._pending: dict[Callable[[], None], float] = {}
        self._closed = False
        self._thread: threading.Thread | None = None

    def set(self, on_missed: Callable[[], None], allowed_s: float) -> None:
        """Call ``on_missed`` once, from the thread, unless it is cleared or set anew before the time is up."""
        with self._changed:
            self._pending[on_missed] = time.monotonic() + allowed_s
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._watch, name="intake deadlines", daemon=True)
                self._thread.start()

    def clear(self, on_missed: Callable[[], None]) -> None:
        """Let the deadline be; when this returns it has either been missed already or never will be."""
        with self._changed:
            self._pending.pop(on_missed, None)

    def close(self) -> None:
        """Forget every deadline and end the thread."""
        with self._changed:
            self._closed = True
            self._pending.clear()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def __enter__(self) -> "Deadlines":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _watch(self) -> None:
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                for on_missed in [call for call, due in self._pending.items() if due <= now]:
                    del self._pending[on_missed]
                    on_missed()
                next_due = min(self._pending.values(), default=now + self._shortest_s)
                self._changed.wait(min(next_due - now, self._shortest_s))
