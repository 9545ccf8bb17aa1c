"""The owner's side of the pipe: start the process, hand it jobs, report what comes back, end it."""

import itertools
import multiprocessing
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from geolocdesk.engine.child import serve
from geolocdesk.engine.messages import (
    Cancel,
    Command,
    Ended,
    Event,
    Failed,
    Finished,
    Job,
    Stop,
    Submit,
    Superseded,
    WasCancelled,
)
from geolocdesk.engine.workshop import Workshop

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext

PROCESSES: "SpawnContext | ForkServerContext" = multiprocessing.get_context("spawn")
"""Where the child comes from: it shares nothing with this process, on every system."""

_REPLAYED = 0
"""The number of the preparing job that a restarted engine repeats; nobody hears of it."""


class Engine:
    """A child process that runs jobs, and the one thread that talks to it.

    ``on_event`` is called from that thread. The process starts with the first job; when it dies, every job it
    held fails with the kind ``engine`` and the next job starts a new one, prepared as the old one was.
    """

    def __init__(
        self,
        on_event: Callable[[Event], None],
        *,
        make_workshop: Callable[[], Workshop] = Workshop,
        grace_s: float = 5.0,
    ) -> None:
        """Prepare an engine; ``grace_s`` is how long each stage of stopping waits for the next."""
        self._on_event = on_event
        self._make_workshop = make_workshop
        self._grace_s = grace_s
        self._numbers = itertools.count(1)
        self._outbox: SimpleQueue[Command] = SimpleQueue()
        self._wake_reader, self._wake_writer = multiprocessing.Pipe(duplex=False)
        self._waking = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._child: _Child | None = None
        self._outstanding: dict[int, Job] = {}
        self._preparation: Job | None = None

    def submit(self, job: Job) -> int:
        """Queue a job and return its number, at once. Raises RuntimeError after ``close``."""
        if self._closed:
            message = "the engine was closed"
            raise RuntimeError(message)
        number = next(self._numbers)
        self._tell(Submit(number, job))
        return number

    def cancel(self, number: int) -> None:
        """Ask for a job's end, at once; its last event says how it ended."""
        if not self._closed:
            self._tell(Cancel(number))

    def close(self) -> None:
        """Ask the engine to end, at once; ``Ended`` follows when it has."""
        if not self._closed:
            self._closed = True
            self._tell(Stop())

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for the end that ``close`` asked for; return whether it came in time."""
        if self._thread is not None:
            self._thread.join(timeout_s)
            return not self._thread.is_alive()
        return True

    def _tell(self, command: Command) -> None:
        self._outbox.put(command)
        if self._thread is None:
            self._thread = threading.Thread(target=self._drive, name="engine-driver")
            self._thread.start()
        with self._waking:
            self._wake_writer.send_bytes(b"!")

    def _drive(self) -> None:
        try:
            while self._step():
                pass
        finally:
            self._end_child()
            for number in list(self._outstanding):
                self._report(WasCancelled(number))
            self._wake_reader.close()
            self._wake_writer.close()
            self._on_event(Ended())

    def _step(self) -> bool:
        """Wait for one thing to happen and deal with it; return whether to go on."""
        sources: list[Connection] = [self._wake_reader]
        if self._child is not None:
            sources.append(self._child.connection)
        for source in wait(sources):
            if source is self._wake_reader:
                self._wake_reader.recv_bytes()
                if not self._obey_next():
                    return False
            else:
                self._receive()
        return True

    def _obey_next(self) -> bool:
        try:
            command = self._outbox.get_nowait()
        except Empty:
            return True
        if isinstance(command, Stop):
            return False
        if isinstance(command, Submit):
            self._outstanding[command.number] = command.job
            self._send(command)
        elif self._child is not None:
            self._send(command)
        return True

    def _send(self, command: Command) -> None:
        if self._child is None:
            self._child = _Child(self._make_workshop)
            if self._preparation is not None:
                self._send(Submit(_REPLAYED, self._preparation))
        try:
            self._child.connection.send(command)
        except (BrokenPipeError, ConnectionResetError):
            self._bury()

    def _receive(self) -> None:
        child = self._child
        if child is None:
            return
        try:
            event: Event = child.connection.recv()
        except (EOFError, ConnectionResetError):
            self._bury()
            return
        self._report(event)

    def _report(self, event: Event) -> None:
        if isinstance(event, Ended):
            return
        if isinstance(event, Finished | WasCancelled | Superseded | Failed):
            job = self._outstanding.pop(event.number, None)
            if isinstance(event, Finished) and job is not None and job.prepares:
                self._preparation = job
        if event.number != _REPLAYED:
            self._on_event(event)

    def _bury(self) -> None:
        """Clear away a process that ended by itself and fail what it held."""
        child, self._child = self._child, None
        if child is None:
            return
        child.end(self._grace_s, patience_s=self._grace_s)
        how = child.how_it_ended()
        for number in sorted(self._outstanding):
            message = (
                f"The process that analyses photos ended unexpectedly ({how}). What it finished is kept; "
                "start the rest again."
            )
            self._report(Failed(number, "engine", message))

    def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.ask()
        obeyed = child.wait_for_silence(self._grace_s, self._report)
        child.end(self._grace_s, patience_s=self._grace_s if obeyed else 0.0)


class _Child:
    """The process and this end of its pipe."""

    def __init__(self, make_workshop: Callable[[], Workshop]) -> None:
        self.connection, theirs = PROCESSES.Pipe()
        self._process: BaseProcess = PROCESSES.Process(
            target=serve, args=(theirs, make_workshop), name="geolocdesk-engine"
        )
        self._process.start()
        theirs.close()

    def ask(self) -> None:
        """Tell the process to end."""
        try:
            self.connection.send(Stop())
        except (BrokenPipeError, ConnectionResetError):
            return

    def wait_for_silence(self, patience_s: float, report: Callable[[Event], None]) -> bool:
        """Report what still comes until the pipe closes; return False when it stays silent too long."""
        while self.connection.poll(patience_s):
            try:
                report(self.connection.recv())
            except (EOFError, ConnectionResetError):
                return True
        return False

    def end(self, grace_s: float, *, patience_s: float) -> None:
        """See the process out: wait ``patience_s``, then terminate, wait ``grace_s``, then kill."""
        self._process.join(patience_s)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(grace_s)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self.connection.close()

    def how_it_ended(self) -> str:
        """Return the exit code in words."""
        code = self._process.exitcode
        if code is None:
            return "unknown"
        return f"signal {-code}" if code < 0 else f"exit code {code}"
