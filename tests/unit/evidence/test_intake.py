import hashlib
import itertools
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geolocdesk.errors import EvidenceError
from geolocdesk.evidence import process
from geolocdesk.evidence.intake import Intake, IntakeLimits, TakenIn, expand_paths
from geolocdesk.evidence.rendition import Rendition, render

DrawScene = Callable[..., Image.Image]
SavePhoto = Callable[..., Path]

REPOSITORY = Path(__file__).resolve().parents[3]
NOW = "2026-01-02T03:04:05Z"
SQUARE = Rendition(short_side_px=32, square_px=32)


def failure_of(intake: Intake, path: Path) -> EvidenceError:
    with pytest.raises(EvidenceError) as caught:
        intake.take_in(path, [SQUARE], acquired_at=NOW)
    assert caught.value.path == path
    assert path.name in caught.value.message
    assert caught.value.message.endswith((".", "?"))
    return caught.value


def test_a_photo_is_taken_in(intake: Intake, save_photo: SavePhoto, draw_scene: DrawScene) -> None:
    exif = Image.Exif()
    exif[0x0110] = "X100"
    exif[0x0112] = 6
    path = save_photo(exif=exif, quality=95)
    thumbnail = Rendition(long_side_px=40, encoding="jpeg")
    taken = intake.take_in(path, [SQUARE, thumbnail], acquired_at=NOW)
    record = taken.record
    assert record.path == path
    assert record.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (record.size_bytes, record.media_type) == (path.stat().st_size, "image/jpeg")
    assert (record.width_px, record.height_px, record.orientation) == (80, 120, 6)
    assert (record.exif.camera, record.acquired_at, record.remarks) == ("X100", NOW, ())
    with Image.open(path) as image:
        upright = image.transpose(Image.Transpose.ROTATE_270)
    np.testing.assert_array_equal(taken.pictures[0], render(upright, SQUARE))
    np.testing.assert_array_equal(taken.pictures[1], render(upright, thumbnail))
    assert not taken.pictures[0].flags.writeable


def test_nothing_about_the_file_changes(intake: Intake, save_photo: SavePhoto) -> None:
    path = save_photo()
    path.chmod(0o444)
    os.utime(path, ns=(1_000_000_000, 2_000_000_000))
    content, before = path.read_bytes(), path.stat()
    intake.take_in(path, [SQUARE], acquired_at=NOW)
    after = path.stat()
    assert path.read_bytes() == content
    assert (after.st_mtime_ns, after.st_ctime_ns, after.st_mode) == (
        before.st_mtime_ns,
        before.st_ctime_ns,
        before.st_mode,
    )
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("missing.jpg", None, "not_found"),
        ("empty.jpg", b"", "empty"),
        ("page.jpg", b"<html>", "unsupported_format"),
        ("broken.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "damaged"),
    ],
)
def test_each_failure_has_its_kind_and_names_the_file(
    intake: Intake, tmp_path: Path, name: str, content: bytes | None, kind: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert failure_of(intake, tmp_path / name).kind == kind


def test_limits_are_kept(save_photo: SavePhoto) -> None:
    path = save_photo()
    with Intake(limits=IntakeLimits(max_bytes=100)) as small:
        assert failure_of(small, path).kind == "too_large"
    with Intake(limits=IntakeLimits(max_pixels=120 * 80 - 1)) as small:
        assert failure_of(small, path).kind == "too_many_pixels"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes in the file system are POSIX's")
def test_pipes_and_folders_fail_and_never_hang(intake: Intake, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert failure_of(intake, tmp_path / "pipe.jpg").kind == "unreadable"
    (tmp_path / "folder.jpg").mkdir()
    assert failure_of(intake, tmp_path / "folder.jpg").kind == "unreadable"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux names files with any bytes")
def test_names_of_any_bytes_are_taken_in(intake: Intake, save_photo: SavePhoto) -> None:
    path = save_photo().rename(Path(os.fsdecode(os.fsencode(save_photo().parent) + b"/\xff\xfe \n.jpg")))
    assert intake.take_in(path, [], acquired_at=NOW).record.path == path


def test_relative_names_follow_the_program(
    intake: Intake, save_photo: SavePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_photo("folder/photo.jpg")
    intake.take_in(path, [], acquired_at=NOW)  # the process runs by now, in a folder of its own
    monkeypatch.chdir(path.parent)
    assert intake.take_in(Path("photo.jpg"), [], acquired_at=NOW).record.path == Path("photo.jpg")


@pytest.mark.parametrize("workers", [1, 3])
def test_a_batch_keeps_the_order_and_reports_failures_in_place(save_photo: SavePhoto, workers: int) -> None:
    sizes = [(20 + 7 * (number % 5), 30 + number) for number in range(40)]
    paths = [
        save_photo(f"{number}.png", Image.new("RGB", size, (number, 0, 0)))
        for number, size in enumerate(sizes)
    ]
    paths[7].write_bytes(b"no photo")
    paths[20].unlink()
    counter = itertools.count()
    with Intake(workers=workers) as intake:
        results = list(intake.take_in_all(paths, [Rendition()], clock=lambda: f"moment {next(counter)}"))
    assert len(results) == len(paths)
    for number, (path, result) in enumerate(zip(paths, results, strict=True)):
        if isinstance(result, EvidenceError):
            assert (number, result.path) in {(7, path), (20, path)}
            continue
        assert result.record.path == path
        assert (result.record.width_px, result.record.height_px) == sizes[number]
        assert result.pictures[0][0, 0, 0] == number
    moments = {result.record.acquired_at for result in results if isinstance(result, TakenIn)}
    assert len(moments) == 38


def test_an_endless_batch_reads_only_so_far_ahead(intake: Intake, save_photo: SavePhoto) -> None:
    path = save_photo()
    asked = itertools.count()

    def endless() -> Iterator[Path]:
        for _ in asked:
            yield path

    batch = intake.take_in_all(endless(), [SQUARE], clock=lambda: NOW)
    for _ in range(100):
        assert isinstance(next(batch), TakenIn)
    batch.close()
    assert next(asked) <= 100 + 64


def test_large_pictures_are_held_in_small_numbers(intake: Intake, save_photo: SavePhoto) -> None:
    path = save_photo()
    asked = itertools.count()
    batch = intake.take_in_all((path for _ in asked), [Rendition()], clock=lambda: NOW)
    next(batch)
    batch.close()
    assert next(asked) <= 5


def test_closing_a_batch_leaves_the_intake_usable(intake: Intake, save_photo: SavePhoto) -> None:
    path = save_photo()
    batch = intake.take_in_all(itertools.repeat(path), [SQUARE], clock=lambda: NOW)
    next(batch)
    batch.close()
    assert intake.take_in(path, [SQUARE], acquired_at=NOW).record.path == path


def test_a_fault_of_the_callers_ends_the_batch(intake: Intake, save_photo: SavePhoto) -> None:
    def clock() -> str:
        message = "no time"
        raise LookupError(message)

    with pytest.raises(LookupError, match="no time"):
        list(intake.take_in_all([save_photo()], [], clock=clock))


def test_many_threads_may_ask_at_once(save_photo: SavePhoto) -> None:
    paths = [save_photo(f"{number}.png", Image.new("RGB", (number + 1, 1))) for number in range(24)]
    widths: dict[int, int] = {}
    with Intake(workers=2) as intake:

        def take_in(number: int) -> None:
            widths[number] = intake.take_in(paths[number], [], acquired_at=NOW).record.width_px

        threads = [threading.Thread(target=take_in, args=(number,)) for number in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert widths == {number: number + 1 for number in range(24)}


def test_nothing_starts_before_it_is_needed_and_nothing_is_left_behind(save_photo: SavePhoto) -> None:
    path = save_photo()
    threads, files = set(threading.enumerate()), _open_files()
    with Intake(workers=2) as intake:
        assert _processes(intake) == []
        assert set(threading.enumerate()) == threads
        list(intake.take_in_all([path] * 9, [SQUARE], clock=lambda: NOW))
        running = _processes(intake)
        assert running
    assert all(each.ended for each in running)
    assert set(threading.enumerate()) == threads
    assert _open_files() == files


def _processes(intake: Intake) -> list[process.DecodingProcess]:
    return [decoder._process for decoder in intake._decoders if decoder._process is not None]


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0


def test_a_closed_intake_takes_nothing_in(save_photo: SavePhoto) -> None:
    intake = Intake()
    intake.close()
    intake.close()
    with pytest.raises(RuntimeError):
        intake.take_in(save_photo(), [], acquired_at=NOW)
    with pytest.raises(RuntimeError):
        next(intake.take_in_all([save_photo()], [], clock=lambda: NOW))


def test_an_intake_needs_a_worker() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Intake(workers=0)


def test_a_bundled_program_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert process.worker_command() == [sys.executable, "--decoding-process"]


def test_the_program_is_a_decoding_process_when_it_is_asked_to_be(
    monkeypatch: pytest.MonkeyPatch, save_photo: SavePhoto
) -> None:
    main = f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); from geolocdesk.__main__ import main; sys.exit(main())"
    command = [sys.executable, "-c", main, process.WORKER_ARGUMENT]
    monkeypatch.setattr(process, "worker_command", lambda: command)
    with Intake() as bundled:
        assert bundled.take_in(path := save_photo(), [SQUARE], acquired_at=NOW).record.path == path


def test_folders_are_expanded_in_order_and_named_files_always_taken(tmp_path: Path) -> None:
    for name in (
        "b/2.JPG",
        "b/1.heic",
        "b/notes.txt",
        "a.png",
        ".hidden.jpg",
        ".cache/x.jpg",
        "b/.DS_Store",
        "c",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    named = tmp_path / "b" / "notes.txt"
    missing = tmp_path / "missing"
    expanded = [str(path.relative_to(tmp_path)) for path in expand_paths([named, tmp_path, missing])]
    assert expanded == ["b/notes.txt", "a.png", "b/1.heic", "b/2.JPG", "missing"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows asks for a privilege to make links")
def test_links_to_folders_are_not_followed_but_links_to_photos_are_not_lost(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "link.jpg").symlink_to("elsewhere.jpg")
    assert list(expand_paths([tmp_path])) == [tmp_path / "link.jpg"]


def test_a_folder_that_cannot_be_listed_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, intake: Intake
) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    scandir = os.scandir

    def refuse(folder: Path) -> object:
        if Path(folder) == locked:
            raise PermissionError
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    assert list(expand_paths([tmp_path])) == [locked]
    assert failure_of(intake, locked).kind == "unreadable"


def test_expansion_is_lazy(tmp_path: Path) -> None:
    assert next(expand_paths(itertools.repeat(tmp_path / "photo.jpg"))) == tmp_path / "photo.jpg"
