"""Evidence intake: photos are read once, hashed, described and decoded in a confined process, never written to."""

import os
import queue
import stat
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from types import TracebackType

from geolocdesk.errors import EvidenceError
from geolocdesk.evidence.deadlines import Deadlines
from geolocdesk.evidence.decoder import Decoder, TakenIn
from geolocdesk.evidence.formats import PHOTO_SUFFIXES
from geolocdesk.evidence.limits import IntakeLimits
from geolocdesk.evidence.packed import Photo
from geolocdesk.evidence.rendition import Rendition

__all__ = ["Intake", "IntakeLimits", "TakenIn", "expand_paths"]

DEFAULT_LIMITS = IntakeLimits()

_LOOK_AHEAD_BYTES = 128 * 2**20
_MOST_LOOK_AHEAD = 64
_TYPICAL_PIXELS = 12_000_000
_TYPICAL_ASPECT = 1.5


class Intake:
    """Takes photos in, each in one of ``workers`` decoding processes; any thread may ask it.

    The processes start when they are first needed. Close it, or use it in a ``with`` statement.
    """

    def __init__(self, *, workers: int = 1, limits: IntakeLimits = DEFAULT_LIMITS) -> None:
        if workers < 1:
            message = f"at least one decoding process is needed, not {workers}"
            raise ValueError(message)
        self._workers = workers
        self._deadlines = Deadlines(min(limits.timeout_s, limits.metadata_timeout_s))
        self._decoders = [Decoder(limits, self._deadlines) for _ in range(workers)]
        self._idle: queue.LifoQueue[Decoder] = queue.LifoQueue()
        for decoder in reversed(self._decoders):
            self._idle.put(decoder)
        self._threads = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="intake")
        self._closed = False

    def take_in(self, photo: Photo, renditions: Sequence[Rendition], *, acquired_at: str) -> TakenIn:
        """Return one photo taken in, waiting for an idle process. Raises EvidenceError."""
        if self._closed:
            message = "the intake is closed"
            raise RuntimeError(message)
        decoder = self._idle.get()
        try:
            return decoder.take_in(photo, renditions, acquired_at)
        finally:
            self._idle.put(decoder)

    def take_in_all(
        self, photos: Iterable[Photo], renditions: Sequence[Rendition], *, clock: Callable[[], str]
    ) -> Generator[TakenIn | EvidenceError, None, None]:
        """Yield every photo taken in, or why it could not be, in the order given.

        Photos are taken in ahead of the caller, at most as many as fit a fixed amount of memory. ``clock`` is
        called for each photo just before it is read, from any thread. Closing the generator stops the work.
        """
        look_ahead = _look_ahead(renditions, self._workers)
        remaining = iter(photos)
        pending: deque[Future[TakenIn | EvidenceError]] = deque()
        try:
            while True:
                for photo in islice(remaining, look_ahead - len(pending)):
                    pending.append(self._threads.submit(self._take_in_or_fail, photo, renditions, clock))
                if not pending:
                    return
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()

    def close(self) -> None:
        """End every process and thread; what is still being decoded is given up."""
        self._closed = True
        for decoder in self._decoders:
            decoder.interrupt()
        self._threads.shutdown(cancel_futures=True)
        for decoder in self._decoders:
            decoder.stop()
        self._deadlines.close()

    def __enter__(self) -> "Intake":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take_in_or_fail(
        self, photo: Photo, renditions: Sequence[Rendition], clock: Callable[[], str]
    ) -> TakenIn | EvidenceError:
        decoder = self._idle.get()
        try:
            return decoder.take_in(photo, renditions, clock())
        except EvidenceError as error:
            return error
        finally:
            self._idle.put(decoder)


def expand_paths(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the photos that are meant: folders' contents in sorted order, anything else as it was named.

    In folders only names that look like photos are taken, nothing hidden, and no symbolic link to a folder is
    followed. A folder that cannot be listed is yielded itself, so that taking it in says why.
    """
    for path in paths:
        if _is_folder(path):
            yield from _photos_in(path)
        else:
            yield path


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # taking it in will say what is wrong with it
        return False


def _photos_in(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            listed = sorted(
                (entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries if _shown(entry)
            )
    except OSError:
        yield folder
        return
    for name, is_folder in listed:
        if is_folder:
            yield from _photos_in(folder / name)
        elif Path(name).suffix.lower() in PHOTO_SUFFIXES:
            yield folder / name


def _shown(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith("."):
        return False
    if sys.platform == "win32":
        return not entry.stat(follow_symlinks=False).st_file_attributes & stat.FILE_ATTRIBUTE_HIDDEN
    else:  # noqa: RET505 - lets the type checker leave the other systems' half out
        return True


def _look_ahead(renditions: Sequence[Rendition], workers: int) -> int:
    """Return how many photos to take in ahead: enough to fill a network's batch, never too much to hold."""
    bytes_each = 3 * sum(_typical_pixels(rendition) for rendition in renditions)
    fitting = _LOOK_AHEAD_BYTES // max(bytes_each, 1)
    return max(workers + 1, min(_MOST_LOOK_AHEAD, fitting))


def _typical_pixels(rendition: Rendition) -> int:
    if rendition.square_px is not None:
        return rendition.square_px**2
    if rendition.short_side_px is not None:
        return int(_TYPICAL_ASPECT * rendition.short_side_px**2)
    if rendition.long_side_px is not None:
        return int(rendition.long_side_px**2 / _TYPICAL_ASPECT)
    return _TYPICAL_PIXELS
