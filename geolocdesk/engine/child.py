"""The engine's side of the pipe: take jobs, run them, send back what they yield."""

import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection

from geolocdesk.engine.inbox import Inbox
from geolocdesk.engine.messages import (
    Event,
    Failed,
    Finished,
    Produced,
    Progressed,
    Started,
    Stop,
    Submit,
    Superseded,
    WasCancelled,
)
from geolocdesk.engine.workshop import Workshop
from geolocdesk.errors import GeolocdeskError
from geolocdesk.progress import Cancelled, Progress, ProgressCallback

_PROGRESS_INTERVAL_S = 0.1
_NICENESS = 10
_BELOW_NORMAL_PRIORITY_CLASS = 0x4000
_ORPHAN_GRACE_S = 10.0


def serve(connection: Connection, make_workshop: Callable[[], Workshop]) -> None:
    """Run jobs from the connection until told to stop or until the owner is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the owner to handle
    _give_way()
    worker = _Worker(connection, make_workshop())
    threading.Thread(target=worker.listen, name="engine-listener", daemon=True).start()
    worker.work()


class _Worker:
    def __init__(self, connection: Connection, workshop: Workshop) -> None:
        self._connection = connection
        self._workshop = workshop
        self._sending = threading.Lock()
        self._inbox = Inbox(
            dropped=lambda number: self._send(Superseded(number)),
            cancelled=lambda number: self._send(WasCancelled(number)),
        )

    def listen(self) -> None:
        """Fill the inbox until the owner closes the pipe; then see to it that this process ends."""
        while True:
            try:
                command = self._connection.recv()
            except (EOFError, OSError):
                break
            self._inbox.put(command)
            if isinstance(command, Stop):
                return
        self._inbox.put(Stop())
        threading.Event().wait(_ORPHAN_GRACE_S)
        os._exit(1)  # the owner is gone and the work does not end: nobody is left to ask again

    def work(self) -> None:
        """Run jobs until it is time to end."""
        try:
            while (submitted := self._inbox.take()) is not None:
                self._run(submitted)
        finally:
            self._workshop.close()

    def _run(self, submitted: Submit) -> None:
        number = submitted.number
        self._send(Started(number))
        try:
            self._send_results(submitted)
        except Cancelled:
            self._send(WasCancelled(number))
        except GeolocdeskError as error:
            self._send(Failed(number, error.kind, error.message))
        except Exception as error:  # noqa: BLE001 - this is the job runner: a bug ends one job, not the engine
            self._send(Failed(number, "bug", f"{type(error).__name__}: {error}", traceback.format_exc()))
        else:
            self._send(Finished(number))
        finally:
            self._inbox.done(number)

    def _send_results(self, submitted: Submit) -> None:
        number, job = submitted.number, submitted.job
        with contextlib.ExitStack() as stack:
            results = job.run(self._workshop, self._watched(number))
            stack.callback(getattr(results, "close", lambda: None))
            for result in results:
                self._send(Produced(number, result))
                if job.subject is None:
                    self._run_live()
                if self._inbox.should_end(number):
                    raise Cancelled

    def _run_live(self) -> None:
        while (live := self._inbox.take_live()) is not None:
            self._run(live)

    def _watched(self, number: int) -> ProgressCallback:
        last_sent = -1.0

        def report(progress: Progress) -> None:
            nonlocal last_sent
            if self._inbox.should_end(number):
                raise Cancelled
            now = time.monotonic()
            if now - last_sent >= _PROGRESS_INTERVAL_S or progress.done == progress.total:
                last_sent = now
                self._send(Progressed(number, progress))

        return report

    def _send(self, event: Event) -> None:
        # Where the owner is gone there is nobody to tell, and the listener ends this process.
        with self._sending, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._connection.send(event)


def _give_way() -> None:
    """Let the window's process go first when both want the processor."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), _BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(_NICENESS)
