"""The photos decoded once, side by side on disk: as the network takes them, and larger, to cut other versions from."""

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import EvidenceError, OutputError, SourceError
from geolocdesk.evidence.intake import Intake
from geolocdesk.evidence.rendition import Rendition
from geolocdesk.progress import Progress, ProgressCallback
from geolocdesk.training.augmentation import augment
from geolocdesk.training.photos import TrainingPhotos
from geolocdesk.training.plan import Augmentation
from geolocdesk.training.row_file import RowFile
from geolocdesk.whole_file import whole_file

_LARGER = 8 / 7
"""Other versions are cut from pictures this much larger."""

_UNREADABLE_NAME = "unreadable.json"


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Decoded photos."""

    plain: NDArray[np.uint8]
    """uint8[n, side, side, 3], as the network takes them."""
    larger: NDArray[np.uint8] | None
    """Where other versions are wanted."""
    kinds: tuple[Augmentation, ...]
    seed: int

    def version(self, photo: int, view: int) -> NDArray[np.uint8]:
        """Return uint8[side, side, 3], a photo as it is (view 0) or one of its other versions."""
        if view == 0 or self.larger is None:
            return np.asarray(self.plain[photo])
        side_px = self.plain.shape[1]
        return augment(self.larger[photo], self.kinds, side_px, (self.seed, view, photo))

    def versions(self, photos: Sequence[int], views: Sequence[int]) -> NDArray[np.uint8]:
        """Return uint8[n, side, side, 3]."""
        return np.stack([self.version(*which) for which in zip(photos, views, strict=True)])


def decode_photos(
    photos: TrainingPhotos,
    rendition: Rendition,
    folder: Path,
    *,
    kinds: tuple[Augmentation, ...],
    seed: int,
    clock: Callable[[], str],
    workers: int,
    progress: ProgressCallback,
) -> tuple[TrainingPhotos, Pictures]:
    """Return the readable photos and their pictures, decoded into ``folder`` unless they lie there already.

    An interrupted decoding goes on where it was. Raises SourceError where none can be read, and OutputError.
    """
    side = rendition.square_px or 0
    larger_side = round(side * _LARGER)
    wanted = [rendition]
    files = [RowFile(folder / "pictures.bin", len(photos), (side, side, 3), "uint8")]
    if kinds:
        scale = larger_side / side
        short = rendition.short_side_px
        wanted.append(
            replace(
                rendition,
                square_px=larger_side,
                short_side_px=None if short is None else round(short * scale),
            )
        )
        files.append(RowFile(folder / "larger.bin", len(photos), (larger_side, larger_side, 3), "uint8"))
    reasons = _decode(photos, wanted, files, folder, clock=clock, workers=workers, progress=progress)
    unusable = [int(number) for number in reasons]
    if len(unusable) == len(photos):
        message = f"None of the {len(photos)} photos can be read; the first: {next(iter(reasons.values()))}"
        raise SourceError(message)
    readable = photos.without(unusable, list(reasons.values()))
    kept = np.setdiff1d(np.arange(len(photos)), np.array(unusable, np.int64))
    arrays = [file.read() if len(kept) == len(photos) else file.read()[kept] for file in files]
    return readable, Pictures(arrays[0], arrays[1] if kinds else None, kinds, seed)


def _decode(
    photos: TrainingPhotos,
    renditions: list[Rendition],
    files: list[RowFile],
    folder: Path,
    *,
    clock: Callable[[], str],
    workers: int,
    progress: ProgressCallback,
) -> dict[str, str]:
    """Decode what is not yet decoded and return a sentence for every photo that cannot be, by its number."""
    done = min(file.finished() for file in files)
    notes = folder / _UNREADABLE_NAME
    reasons: dict[str, str] = json.loads(notes.read_text(encoding="utf-8")) if notes.is_file() else {}
    if done == len(photos):
        return reasons
    for file in files:
        if file.finished() > done:
            _shorten(file, done)
    reasons = {number: reason for number, reason in reasons.items() if int(number) < done}
    progress(Progress("Decoding photos", done, len(photos)))
    with ExitStack() as opened:
        appenders = [opened.enter_context(file.appending()) for file in files]
        intake = opened.enter_context(Intake(workers=workers))
        everything = intake.take_in_all(photos.paths[done:], renditions, clock=clock)
        for number, taken in enumerate(everything, start=done):
            if isinstance(taken, EvidenceError):
                reasons[str(number)] = f"{taken.path}: {taken.message}"
                _note(notes, reasons)
                pictures = [np.zeros(file.shape, np.uint8) for file in files]
            else:
                pictures = list(taken.pictures)
            for appender, picture in zip(appenders, pictures, strict=True):
                appender.append(picture[None])
            progress(Progress("Decoding photos", number + 1, len(photos)))
    return reasons


def _shorten(file: RowFile, rows: int) -> None:
    try:
        with file.path.open("r+b") as stream:
            stream.truncate(rows * file.row_bytes)
    except OSError as error:
        message = f"{file.path} could not be written ({error.strerror or error})."
        raise OutputError(message) from error


def _note(path: Path, reasons: dict[str, str]) -> None:
    with whole_file(path) as partial:
        partial.write_text(json.dumps(reasons, ensure_ascii=False), encoding="utf-8")
