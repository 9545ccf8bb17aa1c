"""The engine's waiting line: work in order, the newest of each subject ahead of it."""

import threading
from collections import deque
from collections.abc import Callable

from geolocdesk.engine.messages import Cancel, Command, Submit


class Inbox:
    """Commands that arrived and were not taken up yet; filled by one thread, emptied by another.

    ``dropped`` is called with the number of a job that a newer one replaced, ``cancelled`` with that of one
    cancelled before it began; both from the filling thread.
    """

    def __init__(self, dropped: Callable[[int], None], cancelled: Callable[[int], None]) -> None:
        self._dropped = dropped
        self._cancelled = cancelled
        self._change = threading.Condition()
        self._work: deque[Submit] = deque()
        self._live: dict[str, Submit] = {}
        self._to_cancel: set[int] = set()
        self._running: set[int] = set()
        self._stopping = False

    def put(self, command: Command) -> None:
        """Take in one command."""
        if isinstance(command, Submit):
            self._put_job(command)
        elif isinstance(command, Cancel):
            self._cancel(command.number)
        else:
            with self._change:
                self._stopping = True
                self._change.notify()

    def take(self) -> Submit | None:
        """Return the next job, waiting for one; None when it is time to end."""
        with self._change:
            self._change.wait_for(lambda: self._stopping or self._live or self._work)
            if self._stopping:
                return None
            # what prepares the engine was asked for before the live jobs that rely on it
            must_prepare = any(waiting.job.prepares for waiting in self._work)
            live = None if must_prepare else self._pop_live()
            return self._begin(live or self._work.popleft())

    def take_live(self) -> Submit | None:
        """Return a waiting job that goes ahead of the running one, or None."""
        with self._change:
            found = None if self._stopping else self._pop_live()
            return found and self._begin(found)

    def should_end(self, number: int) -> bool:
        """Return whether the running job was cancelled or the engine is to stop."""
        with self._change:
            return self._stopping or number in self._to_cancel

    def done(self, number: int) -> None:
        """Note that a job ended."""
        with self._change:
            self._running.discard(number)
            self._to_cancel.discard(number)

    def _put_job(self, submitted: Submit) -> None:
        subject = submitted.job.subject
        with self._change:
            stale = self._live.pop(subject, None) if subject is not None else None
            if subject is None:
                self._work.append(submitted)
            else:
                self._live[subject] = submitted
            self._change.notify()
        if stale is not None:
            self._dropped(stale.number)

    def _cancel(self, number: int) -> None:
        with self._change:
            if number in self._running:
                self._to_cancel.add(number)
                return
            waiting = len(self._work) + len(self._live)
            self._work = deque(job for job in self._work if job.number != number)
            self._live = {subject: job for subject, job in self._live.items() if job.number != number}
            was_waiting = len(self._work) + len(self._live) < waiting
        if was_waiting:
            self._cancelled(number)

    def _pop_live(self) -> Submit | None:
        return self._live.pop(next(iter(self._live))) if self._live else None

    def _begin(self, submitted: Submit) -> Submit:
        self._running.add(submitted.number)
        return submitted
