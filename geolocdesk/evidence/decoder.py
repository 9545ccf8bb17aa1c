"""The program's end of one decoding process: starts it, asks it, ends it, and explains how it failed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

import geolocdesk
from geolocdesk.errors import EVIDENCE_ERROR_KINDS, EvidenceError
from geolocdesk.evidence.confinement import OUT_OF_MEMORY_STATUS
from geolocdesk.evidence.deadlines import Deadlines
from geolocdesk.evidence.exif import unreadable_summary
from geolocdesk.evidence.exif_json import summary_from_json
from geolocdesk.evidence.limits import IntakeLimits
from geolocdesk.evidence.messages import (
    JsonObject,
    Kind,
    MessageError,
    integer_field,
    list_field,
    read_message,
    text_field,
    write_json,
)
from geolocdesk.evidence.record import EvidenceRecord, ExifSummary
from geolocdesk.evidence.rendition import Rendition
from geolocdesk.evidence.untrusted import clean_text, shown_path

WORKER_ARGUMENT = "--decoding-process"
"""The one argument with which a bundled program is started as its own decoding process."""

_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 2.0
_PIPE_BYTES = 1 << 20
_TEXT_LIMIT = 1000
_BYTES_PER_PIXEL = 3
_DEATH_S = 0.5
_SIGKILL = 9
_ADVICE = "Convert it with a program you trust, and keep the original"
_BOOTSTRAP = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from geolocdesk.evidence.worker import main; main()"
)


@dataclass(frozen=True, slots=True, eq=False)
class TakenIn:
    """One photo taken in: what it is, and its pictures."""

    record: EvidenceRecord
    pictures: tuple[NDArray[np.uint8], ...]
    """One for each rendition asked for, in the same order; read-only."""


def worker_command() -> list[str]:
    """Return the command that starts a decoding process.

    It is an interpreter of its own rather than ``multiprocessing``'s: nothing of the program's main module is
    imported, nothing is unpickled, and no semaphore is left behind.
    """
    if getattr(sys, "frozen", False):
        return [sys.executable, WORKER_ARGUMENT]
    places = [str(Path(geolocdesk.__file__).parents[1]), *(str(Path(place).absolute()) for place in sys.path)]
    return [sys.executable, "-I", "-B", "-c", _BOOTSTRAP, json.dumps(places)]


class Decoder:
    """One decoding process, started when it is first needed and again when it has died.

    Used by one thread at a time; only ``interrupt`` may be called from another.
    """

    def __init__(self, limits: IntakeLimits, deadlines: Deadlines) -> None:
        self._limits = limits
        self._deadlines = deadlines
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._busy = False
        self._late = False
        self._interrupted = False

    def take_in(self, path: Path, renditions: Sequence[Rendition], acquired_at: str) -> TakenIn:
        """Return the photo taken in. Raises EvidenceError; the next photo finds a live process again."""
        self._busy = True
        self._late = False
        try:
            process = self._ask(path, renditions)
            return self._receive(process, path, len(renditions), acquired_at)
        finally:
            self._deadlines.clear(self._end_late)
            self._busy = False

    def interrupt(self) -> None:
        """Ask an idle process to end, kill a busy one, and start none again."""
        with self._lock:
            self._interrupted = True
            process = self._process
        if process is None:
            return
        if self._busy:
            process.kill()
        else:
            _close_pipe(process.stdin)

    def stop(self) -> None:
        """End the process: ask, wait, kill."""
        process, self._process = self._process, None
        if process is None:
            return
        _close_pipe(process.stdin)
        for end in (process.terminate, process.kill, None):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_TIMEOUT_S)
            if process.returncode is not None or end is None:
                break
            end()
        _close_pipe(process.stdout)

    def _ask(self, path: Path, renditions: Sequence[Rendition]) -> subprocess.Popen[bytes]:
        request: JsonObject = {
            "path": str(path.absolute()),
            "renditions": [rendition.to_json() for rendition in renditions],
        }
        process = self._running(path)
        try:
            _send(process, Kind.PHOTO, request)
        except OSError:  # it died while it was idle
            self.stop()
            process = self._running(path)
            _send(process, Kind.PHOTO, request)
        return process

    def _running(self, path: Path) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self.stop()
        with self._lock:
            if self._interrupted:
                message = f"Taking in {shown_path(path)} was stopped because the program is closing."
                raise EvidenceError(kind="decoder_crashed", path=path, message=message)
            if self._process is not None:
                return self._process
            self._process = process = _start()
        try:
            self._set_deadline(_START_TIMEOUT_S)
            _send(process, Kind.SETUP, asdict(self._limits))
            kind, _ = self._read(process)
            if kind is not Kind.READY:
                message = "the decoding process did not report that it is ready"
                raise MessageError(message)
        except (OSError, MessageError) as error:
            self.stop()
            message = (
                f"{shown_path(path)} was not decoded: the decoding process cannot be started "
                f"({clean_text(str(error), _TEXT_LIMIT)}): install the program again."
            )
            raise EvidenceError(kind="decoder_crashed", path=path, message=message) from error
        return process

    def _receive(
        self, process: subprocess.Popen[bytes], path: Path, expected: int, acquired_at: str
    ) -> TakenIn:
        stage = f"Reading {shown_path(path)}"
        try:
            self._set_deadline(self._limits.timeout_s)
            file = self._expect(process, Kind.FILE, path)
            stage = f"Decoding {shown_path(path)} (SHA-256 {text_field(file, 'sha256')[:64]})"
            self._set_deadline(self._limits.timeout_s)
            pictures = tuple(self._expect_array(process, path) for _ in range(expected))
            picture = self._expect(process, Kind.PICTURE, path)
        except MessageError as error:
            raise self._explain_end(path, stage) from error
        return TakenIn(_record(path, file, picture, self._receive_exif(process, path), acquired_at), pictures)

    def _receive_exif(self, process: subprocess.Popen[bytes], path: Path) -> ExifSummary:
        try:
            self._set_deadline(self._limits.metadata_timeout_s)
            return summary_from_json(self._expect(process, Kind.EXIF, path))
        except (MessageError, EvidenceError):
            self._bury()
            why = "took too long to read" if self._late else "broke the program that reads them"
            return unreadable_summary(f"The metadata {why} and were left out.")

    def _expect(self, process: subprocess.Popen[bytes], kind: Kind, path: Path) -> JsonObject:
        received, value = self._read(process)
        if received is kind and isinstance(value, dict):
            return value
        if received is Kind.FAILURE and isinstance(value, dict):
            raise _failure(value, path)
        message = f"{kind.name} was expected and {received.name} came"
        raise MessageError(message)

    def _expect_array(self, process: subprocess.Popen[bytes], path: Path) -> NDArray[np.uint8]:
        received, value = self._read(process)
        if received is Kind.ARRAY and isinstance(value, np.ndarray):
            return value
        if received is Kind.FAILURE and isinstance(value, dict):
            raise _failure(value, path)
        message = f"a picture was expected and {received.name} came"
        raise MessageError(message)

    def _read(self, process: subprocess.Popen[bytes]) -> tuple[Kind, JsonObject | NDArray[np.uint8]]:
        return read_message(_pipe(process.stdout), _BYTES_PER_PIXEL * self._limits.max_pixels)

    def _set_deadline(self, allowed_s: float) -> None:
        self._deadlines.set(self._end_late, allowed_s)

    def _end_late(self) -> None:
        self._late = True
        if self._process is not None:
            self._process.kill()

    def _bury(self) -> int | None:
        """End a process that broke off or talked nonsense, and return its exit status if it had ended itself."""
        process = self._process
        if process is None:
            return None
        try:
            status = process.wait(_DEATH_S)
        except subprocess.TimeoutExpired:
            process.kill()
            status = None
        self.stop()
        return status

    def _explain_end(self, path: Path, doing: str) -> EvidenceError:
        status = self._bury()
        if self._interrupted:
            kind, what = "decoder_crashed", "was stopped because the program is closing"
        elif self._late:
            limit_s = self._limits.timeout_s
            kind, what = "decoder_timeout", f"took longer than {limit_s:g} s and was stopped. {_ADVICE}"
        elif status in {OUT_OF_MEMORY_STATUS, -_SIGKILL}:
            limit_gib = self._limits.memory_bytes / 2**30
            kind, what = (
                "decoder_memory",
                f"took more than the {limit_gib:.1f} GiB of memory allowed. {_ADVICE}",
            )
        else:
            how = "it sent nonsense" if status is None else _describe_status(status)
            kind, what = "decoder_crashed", f"crashed the decoding process ({how}). {_ADVICE}"
        return EvidenceError(kind=kind, path=path, message=f"{doing} {what}.")


def _start() -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        worker_command(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(sys.executable).anchor,  # else a folder on evidence could not be unmounted
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):  # a wide pipe is faster, and beyond some count not to be had
            fcntl.fcntl(_pipe(process.stdout), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return process


def _pipe(stream: IO[bytes] | None) -> BinaryIO:
    assert stream is not None  # noqa: S101 - both ends were asked for
    return cast("BinaryIO", stream)


def _send(process: subprocess.Popen[bytes], kind: Kind, value: JsonObject) -> None:
    write_json(_pipe(process.stdin), kind, value)


def _close_pipe(stream: IO[bytes] | None) -> None:
    with contextlib.suppress(OSError):  # what was buffered for a dead process cannot be sent
        _pipe(stream).close()


def _describe_status(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def _failure(value: JsonObject, path: Path) -> EvidenceError:
    kind = text_field(value, "kind")
    if kind not in EVIDENCE_ERROR_KINDS:
        message = "an unknown kind of failure was reported"
        raise MessageError(message)
    return EvidenceError(kind=kind, path=path, message=clean_text(text_field(value, "message"), _TEXT_LIMIT))


def _record(
    path: Path, file: JsonObject, picture: JsonObject, exif: ExifSummary, acquired_at: str
) -> EvidenceRecord:
    remarks = [*list_field(file, "remarks"), *list_field(picture, "remarks")]
    return EvidenceRecord(
        path=path,
        sha256=text_field(file, "sha256"),
        size_bytes=integer_field(file, "size_bytes"),
        media_type=text_field(file, "media_type"),
        width_px=integer_field(picture, "width_px"),
        height_px=integer_field(picture, "height_px"),
        orientation=integer_field(picture, "orientation"),
        exif=exif,
        acquired_at=acquired_at,
        remarks=tuple(clean_text(str(remark), _TEXT_LIMIT) for remark in remarks),
    )
