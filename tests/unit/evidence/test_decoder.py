import hashlib
import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from geolocdesk.errors import EvidenceError
from geolocdesk.evidence import process
from geolocdesk.evidence.intake import Intake, IntakeLimits, TakenIn
from geolocdesk.evidence.rendition import Rendition

SavePhoto = Callable[..., Path]

REPOSITORY = Path(__file__).resolve().parents[3]
NOW = "2026-01-02T03:04:05Z"
SQUARE = Rendition(short_side_px=32, square_px=32)
TIGHT = IntakeLimits(timeout_s=1.5, metadata_timeout_s=0.75, memory_bytes=600 * 2**20)


def misbehaving_command() -> list[str]:
    script = Path(__file__).with_name("misbehaving_worker.py")
    return [sys.executable, "-I", "-B", str(script), json.dumps([str(REPOSITORY), *sys.path])]


@pytest.fixture(scope="module")
def misbehaving() -> Iterator[Intake]:
    """Return an intake whose processes misbehave as a photo's name says, under tight limits."""
    with pytest.MonkeyPatch.context() as patch, Intake(limits=TIGHT) as opened:
        patch.setattr(process, "worker_command", misbehaving_command)
        yield opened


def failure_of(intake: Intake, path: Path) -> EvidenceError:
    with pytest.raises(EvidenceError) as caught:
        intake.take_in(path, [SQUARE], acquired_at=NOW)
    assert caught.value.path == path
    assert path.name in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    ("misdeed", "kind", "wording"),
    [
        ("read-loop", "decoder_timeout", "Reading"),
        ("read-abort", "decoder_crashed", "SIGABRT"),
        ("decode-loop", "decoder_timeout", "took longer than 1.5 s"),
        ("decode-stuck", "decoder_timeout", "took longer than 1.5 s"),
        ("decode-hog", "decoder_memory", "0.6 GiB"),
        ("decode-abort", "decoder_crashed", "SIGABRT"),
        ("decode-exit", "decoder_crashed", "exit status 3"),
        ("decode-out_of_memory", "decoder_memory", "0.6 GiB"),
        ("decode-killed", "decoder_memory", "want of memory"),
        ("decode-fault", "decoder_crashed", "NotImplementedError: a fault of our own"),
        ("noise-", "decoder_crashed", "nonsense"),
        ("lie-order", "decoder_crashed", "nonsense"),
        ("lie-hash", "decoder_crashed", "nonsense"),
        ("lie-format", "decoder_crashed", "nonsense"),
        ("lie-size", "decoder_crashed", "nonsense"),
        ("lie-failure", "decoder_crashed", "nonsense"),
    ],
)
def test_whatever_the_process_does_the_photo_fails_and_the_next_is_taken_in(
    misbehaving: Intake, save_photo: SavePhoto, misdeed: str, kind: str, wording: str
) -> None:
    if sys.platform == "win32" and wording == "SIGABRT":
        wording = "exit status"
    if sys.platform == "win32" and misdeed == "decode-killed":
        pytest.skip("Windows has no signal to be killed by")
    error = failure_of(misbehaving, bad := save_photo(f"{misdeed}.jpg"))
    assert error.kind == kind
    assert wording in error.message
    if misdeed.startswith("decode-") and kind != "decoder_crashed" and "hog" not in misdeed:
        assert hashlib.sha256(bad.read_bytes()).hexdigest() in error.message
    good = save_photo("good.jpg")
    assert misbehaving.take_in(good, [SQUARE], acquired_at=NOW).record.path == good


@pytest.mark.parametrize(
    ("misdeed", "wording"),
    [
        ("exif-loop", "took too long to read"),
        ("exif-stuck", "took too long to read"),
        ("exif-abort", "broke the program that reads them"),
        ("exif-fault", "broke the program that reads them"),
        ("exif-hog", "more memory than is allowed"),
        ("lie-exif", "broke the program that reads them"),
    ],
)
def test_metadata_never_cost_the_photo(
    misbehaving: Intake, save_photo: SavePhoto, misdeed: str, wording: str
) -> None:
    renditions = [] if misdeed == "lie-exif" else [SQUARE]
    taken = misbehaving.take_in(save_photo(f"{misdeed}.jpg"), renditions, acquired_at=NOW)
    assert wording in taken.record.exif.remark
    assert len(taken.pictures) == len(renditions)
    good = save_photo("good.jpg")
    assert misbehaving.take_in(good, [SQUARE], acquired_at=NOW).record.exif.remark == ""


def test_a_batch_outlives_every_crash(misbehaving: Intake, save_photo: SavePhoto) -> None:
    photo = save_photo("good0.jpg")
    names = ["good0", "decode-abort", "good1", "decode-exit", "decode-hog", "good2", "decode-loop", "good3"]
    paths = [photo.with_name(f"{name}.jpg") for name in names]
    for path in paths[1:]:
        shutil.copy(photo, path)
    results = list(misbehaving.take_in_all(paths, [SQUARE], clock=lambda: NOW))
    kinds = ["taken in" if isinstance(result, TakenIn) else result.kind for result in results]
    assert kinds == [
        "taken in",
        "decoder_crashed",
        "taken in",
        "decoder_crashed",
        "decoder_memory",
        "taken in",
        "decoder_timeout",
        "taken in",
    ]


def test_a_process_that_died_idle_is_replaced(misbehaving: Intake, save_photo: SavePhoto) -> None:
    path = save_photo("good.jpg")
    misbehaving.take_in(path, [], acquired_at=NOW)
    (decoder,) = misbehaving._decoders
    running = decoder._process
    assert running is not None
    running.kill()
    assert misbehaving.take_in(path, [], acquired_at=NOW).record.path == path
    assert decoder._process is not running


def test_a_photo_is_not_blamed_for_a_process_that_an_earlier_one_broke(
    misbehaving: Intake, save_photo: SavePhoto
) -> None:
    misbehaving.take_in(save_photo("good.jpg"), [SQUARE], acquired_at=NOW)
    innocent = save_photo("used-exit.jpg")
    assert misbehaving.take_in(innocent, [SQUARE], acquired_at=NOW).record.path == innocent


def test_closing_does_not_wait_for_a_photo_that_never_ends(
    monkeypatch: pytest.MonkeyPatch, save_photo: SavePhoto
) -> None:
    monkeypatch.setattr(process, "worker_command", misbehaving_command)
    begun = threading.Event()

    def clock() -> str:
        begun.set()
        return NOW

    endless = Intake(limits=IntakeLimits(timeout_s=10_000.0))
    batch = endless.take_in_all([save_photo("decode-loop.jpg")] * 2, [SQUARE], clock=clock)
    results: list[TakenIn | EvidenceError] = []
    consumer = threading.Thread(target=lambda: results.append(next(batch)))
    consumer.start()
    begun.wait()
    endless.close()
    consumer.join()
    (result,) = results
    assert isinstance(result, EvidenceError)
    assert "closing" in result.message


@pytest.mark.parametrize(
    "command",
    [["/no/such/program"], [sys.executable, "-c", "pass"], [sys.executable, "-c", "print('!' * 99)"]],
)
def test_a_process_that_cannot_be_started_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, save_photo: SavePhoto, command: list[str]
) -> None:
    monkeypatch.setattr(process, "worker_command", lambda: command)
    with Intake() as broken:
        error = failure_of(broken, save_photo())
    assert error.kind == "decoder_crashed"
    assert "no decoding process can be started" in error.message
