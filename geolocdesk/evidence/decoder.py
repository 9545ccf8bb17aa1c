"""The program's end of a decoding process: asks it, keeps it to its limits, and explains how it failed."""

import signal
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import EvidenceError
from geolocdesk.evidence.confinement import OUT_OF_MEMORY_STATUS
from geolocdesk.evidence.deadlines import Deadlines
from geolocdesk.evidence.exif_json import summary_from_json
from geolocdesk.evidence.limits import IntakeLimits
from geolocdesk.evidence.messages import JsonObject, Kind, MessageError
from geolocdesk.evidence.packed import PackedFile, Photo, path_of
from geolocdesk.evidence.process import DecodingProcess
from geolocdesk.evidence.record import EvidenceRecord, ExifSummary
from geolocdesk.evidence.rendition import Rendition
from geolocdesk.evidence.replies import answers, failure_from, record_from, sha256_of
from geolocdesk.evidence.untrusted import shown_path

_START_TIMEOUT_S = 60.0
_BYTES_PER_PIXEL = 3
_KILLED = -9
_ADVICE = "Convert it with a program you trust, and keep the original"


@dataclass(frozen=True, slots=True, eq=False)
class TakenIn:
    """One photo taken in: what it is, and its pictures."""

    record: EvidenceRecord
    pictures: tuple[NDArray[np.uint8], ...]
    """One for each rendition asked for, in the same order; read-only."""


class Decoder:
    """One decoding process, started when it is first needed and again when it has died.

    Used by one thread at a time; only ``interrupt`` may be called from another.
    """

    def __init__(self, limits: IntakeLimits, deadlines: Deadlines) -> None:
        self._limits = limits
        self._deadlines = deadlines
        self._process: DecodingProcess | None = None
        self._lock = threading.Lock()
        self._busy = False
        self._late = False
        self._interrupted = False

    def take_in(self, photo: Photo, renditions: Sequence[Rendition], acquired_at: str) -> TakenIn:
        """Return the photo taken in. Raises EvidenceError; the next photo finds a live process again."""
        self._busy = True
        self._late = False
        try:
            process, file = self._begin(photo, renditions)
            return self._receive(process, path_of(photo), file, renditions, acquired_at)
        except EvidenceError as error:
            if error.kind == "decoder_crashed":
                self.stop()
            raise
        finally:
            self._deadlines.clear(self._end_late)
            if self._late:
                self.stop()
            self._busy = False

    def interrupt(self) -> None:
        """Ask an idle process to end, kill a busy one, and start none again."""
        with self._lock:
            self._interrupted = True
            process = self._process
        if process is not None and self._busy:
            process.kill()
        elif process is not None:
            process.ask_to_end()

    def stop(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.end()

    def _begin(self, photo: Photo, renditions: Sequence[Rendition]) -> tuple[DecodingProcess, JsonObject]:
        """Return a process that has read the file, and what it says about it.

        One that dies before it has read may have been broken by an earlier photo, so another is given a try
        before this photo is blamed.
        """
        path = path_of(photo)
        request: JsonObject = {
            "path": str(path.absolute()),
            "packed": {**photo.to_json()} if isinstance(photo, PackedFile) else None,
            "renditions": [rendition.to_json() for rendition in renditions],
        }
        used = self._process
        process = self._running(path)
        try:
            self._set_deadline(self._limits.timeout_s)
            process.send(Kind.PHOTO, request)
            file = self._expect(process, Kind.FILE, path)
            sha256_of(file)
        except (OSError, MessageError) as error:
            if process is not used or self._late or self._interrupted:
                raise self._explain_end(process, path, f"Reading {shown_path(path)}") from error
            self._deadlines.clear(self._end_late)
            process.end_after_fault()
            return self._begin(photo, renditions)
        return process, file

    def _running(self, path: Path) -> DecodingProcess:
        if self._process is not None and self._process.ended:
            self.stop()
        if self._process is not None:
            return self._process
        try:
            return self._start(path)
        except (OSError, MessageError) as error:
            self.stop()
            message = f"{shown_path(path)} was not decoded: no decoding process can be started ({error})."
            raise EvidenceError(kind="decoder_crashed", path=path, message=message) from error

    def _start(self, path: Path) -> DecodingProcess:
        with self._lock:
            if self._interrupted:
                message = f"Taking in {shown_path(path)} was stopped because the program is closing."
                raise EvidenceError(kind="decoder_crashed", path=path, message=message)
            self._process = process = DecodingProcess()
        self._set_deadline(_START_TIMEOUT_S)  # reading the interpreter from a cold disk takes its time
        process.send(Kind.SETUP, asdict(self._limits))
        kind, _ = process.read(max_array_bytes=0)
        if kind is not Kind.READY:
            message = f"it began with {kind.name}"
            raise MessageError(message)
        return process

    def _receive(
        self,
        process: DecodingProcess,
        path: Path,
        file: JsonObject,
        renditions: Sequence[Rendition],
        acquired_at: str,
    ) -> TakenIn:
        try:
            self._set_deadline(self._limits.timeout_s)
            pictures = tuple(self._expect_picture(process, path, rendition) for rendition in renditions)
            record = record_from(path, file, self._expect(process, Kind.PICTURE, path), acquired_at)
        except MessageError as error:
            doing = f"Decoding {shown_path(path)} (SHA-256 {sha256_of(file)})"
            raise self._explain_end(process, path, doing) from error
        return TakenIn(replace(record, exif=self._receive_exif(process, path)), pictures)

    def _receive_exif(self, process: DecodingProcess, path: Path) -> ExifSummary:
        """Return the EXIF summary; what goes wrong with it is remarked and costs the process, not the photo."""
        try:
            self._set_deadline(self._limits.metadata_timeout_s)
            return summary_from_json(self._expect(process, Kind.EXIF, path))
        except (MessageError, EvidenceError):
            self._deadlines.clear(self._end_late)
            process.end_after_fault()
            why = "took too long to read" if self._late else "broke the program that reads them"
            return ExifSummary.unreadable(f"The metadata {why} and were left out.")

    def _expect(self, process: DecodingProcess, kind: Kind, path: Path) -> JsonObject:
        received, value = process.read(max_array_bytes=0)
        if received is kind and isinstance(value, dict):
            return value
        if received is Kind.FAILURE and isinstance(value, dict):
            raise failure_from(path, value)
        message = f"{kind.name} was expected and {received.name} came"
        raise MessageError(message)

    def _expect_picture(
        self, process: DecodingProcess, path: Path, rendition: Rendition
    ) -> NDArray[np.uint8]:
        received, value = process.read(_BYTES_PER_PIXEL * self._limits.max_pixels)
        if isinstance(value, np.ndarray) and answers(value, rendition):
            return value
        if received is Kind.FAILURE and isinstance(value, dict):
            raise failure_from(path, value)
        message = f"a picture as asked was expected and {received.name} came"
        raise MessageError(message)

    def _set_deadline(self, allowed_s: float) -> None:
        self._deadlines.set(self._end_late, allowed_s)

    def _end_late(self) -> None:
        self._late = True
        if self._process is not None:
            self._process.kill()

    def _explain_end(self, process: DecodingProcess, path: Path, doing: str) -> EvidenceError:
        self._deadlines.clear(self._end_late)
        status = process.end_after_fault()
        limits = self._limits
        if self._interrupted:
            kind, what = "decoder_crashed", "was stopped because the program is closing"
        elif self._late:
            kind = "decoder_timeout"
            what = f"took longer than {limits.timeout_s:g} s and was stopped. {_ADVICE}"
        elif status == _KILLED:
            kind = "decoder_memory"
            what = f"was ended by the operating system, most likely for want of memory. {_ADVICE}"
        elif status == OUT_OF_MEMORY_STATUS:
            kind = "decoder_memory"
            what = f"took more than the {limits.memory_bytes / 2**30:.1f} GiB of memory allowed. {_ADVICE}"
        else:
            kind = "decoder_crashed"
            what = f"crashed the decoding process ({_describe_status(status)}). {_ADVICE}"
        return EvidenceError(kind=kind, path=path, message=f"{doing} {what}.")


def _describe_status(status: int | None) -> str:
    if status is None:
        return "it talked nonsense"
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
