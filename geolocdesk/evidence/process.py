"""One decoding process as an operating system's process: how it is started, spoken to and ended."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

import geolocdesk
from geolocdesk.evidence.messages import JsonObject, Kind, read_message, write_json

WORKER_ARGUMENT = "--decoding-process"
"""The one argument with which a bundled program is started as its own decoding process."""

_STOP_TIMEOUT_S = 2.0
_DEATH_S = 0.5
_PIPE_BYTES = 1 << 20
_BOOTSTRAP = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from geolocdesk.evidence.worker import main; main()"
)


def worker_command() -> list[str]:
    """Return the command that starts a decoding process.

    It is an interpreter of its own rather than ``multiprocessing``'s: nothing of the program's main module is
    imported, nothing is unpickled, and no semaphore is left behind.
    """
    if getattr(sys, "frozen", False):
        return [sys.executable, WORKER_ARGUMENT]
    places = [str(Path(geolocdesk.__file__).parents[1]), *(str(Path(place).absolute()) for place in sys.path)]
    return [sys.executable, "-I", "-B", "-c", _BOOTSTRAP, json.dumps(places)]


class DecodingProcess:
    """A running decoding process. Raises OSError where it cannot be started."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            worker_command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(sys.executable).anchor,  # else a drive with evidence could not be unmounted
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._requests = cast("BinaryIO", self._process.stdin)
        self._replies = cast("BinaryIO", self._process.stdout)
        _widen(self._replies)

    @property
    def ended(self) -> bool:
        """Whether the process is no more."""
        return self._process.poll() is not None

    def send(self, kind: Kind, value: JsonObject) -> None:
        """Send it a message. Raises OSError where it is gone."""
        write_json(self._requests, kind, value)

    def read(self, max_array_bytes: int) -> tuple[Kind, JsonObject | NDArray[np.uint8]]:
        """Return its next message. Raises MessageError where it broke off or talks nonsense."""
        return read_message(self._replies, max_array_bytes)

    def ask_to_end(self) -> None:
        """Let it know that there will be no more requests."""
        with contextlib.suppress(OSError):  # what was buffered for a dead process cannot be sent
            self._requests.close()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def end(self) -> None:
        """End it: ask, wait, kill."""
        self.ask_to_end()
        for insist in (self._process.terminate, self._process.kill):
            if self._wait(_STOP_TIMEOUT_S) is not None:
                break
            insist()
        self._wait(_STOP_TIMEOUT_S)
        self._replies.close()

    def end_after_fault(self) -> int | None:
        """End it after it broke off or talked nonsense; return its exit status if it had ended by itself."""
        status = self._wait(_DEATH_S)
        self.kill()
        self.end()
        return status

    def _wait(self, patience_s: float) -> int | None:
        try:
            return self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            return None


def _widen(pipe: BinaryIO) -> None:
    """Give the pipe room for whole pictures where that is possible; it saves switching to and fro."""
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):  # a user may have only so many wide pipes
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
