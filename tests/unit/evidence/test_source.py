import hashlib
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from geolocdesk.errors import EvidenceError
from geolocdesk.evidence import source
from geolocdesk.evidence.source import read_once

LIMIT = 1 << 20


def failure_of(path: Path, max_bytes: int = LIMIT) -> EvidenceError:
    with pytest.raises(EvidenceError) as caught:
        read_once(path, max_bytes)
    assert caught.value.path == path
    return caught.value


def test_bytes_and_hash_are_the_files(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(content := os.urandom(300_001))
    taken = read_once(path, LIMIT)
    assert (taken.content, taken.sha256, taken.changed) == (
        content,
        hashlib.sha256(content).hexdigest(),
        False,
    )


def test_the_hash_is_the_published_one(tmp_path: Path) -> None:
    path = tmp_path / "abc"
    path.write_bytes(b"abc")  # the example of FIPS 180-2
    published = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert read_once(path, LIMIT).sha256 == published


def test_nothing_about_the_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(b"evidence")
    path.chmod(0o440)
    os.utime(path, ns=(1_000_000_000, 2_000_000_000))
    before = path.stat()
    read_once(path, LIMIT)
    after = path.stat()
    assert (after.st_mtime_ns, after.st_ctime_ns, after.st_mode, after.st_size) == (
        before.st_mtime_ns,
        before.st_ctime_ns,
        before.st_mode,
        before.st_size,
    )
    if hasattr(os, "O_NOATIME"):
        assert after.st_atime_ns == before.st_atime_ns


def test_files_of_others_are_read_without_noatime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "photo"
    path.write_bytes(b"evidence")
    opened = os.open

    def refuse_noatime(name: Path, flags: int) -> int:
        if flags & source._O_NOATIME:
            raise PermissionError
        return opened(name, flags)

    monkeypatch.setattr(source, "_O_NOATIME", 1 << 18)
    monkeypatch.setattr(os, "open", refuse_noatime)
    assert read_once(path, LIMIT).content == b"evidence"


@pytest.mark.parametrize("name", ["missing.jpg", "missing/photo.jpg", "nul\x00byte.jpg"])
def test_a_missing_file_is_not_found(tmp_path: Path, name: str) -> None:
    assert failure_of(tmp_path / name).kind == "not_found"


def test_a_file_in_the_place_of_a_folder_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    assert failure_of(tmp_path / "file" / "photo.jpg").kind == "not_found"


def test_an_empty_file_is_empty(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    assert failure_of(tmp_path / "empty.jpg").kind == "empty"


def test_size_is_limited_to_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(b"x" * 1000)
    assert len(read_once(path, 1000).content) == 1000
    error = failure_of(path, 999)
    assert error.kind == "too_large"
    assert str(path) in error.message


def test_a_huge_sparse_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as stream:
        stream.truncate(10**12)

    def read(_descriptor: int, _size: int) -> bytes:
        raise AssertionError

    monkeypatch.setattr(os, "read", read)
    assert failure_of(path).kind == "too_large"


@pytest.mark.skipif(sys.platform == "win32", reason="these kinds of file are POSIX's")
@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda path: path.symlink_to(__file__), "symbolic link"),
        (lambda path: path.symlink_to("nowhere"), "symbolic link"),
        (Path.mkdir, "folder"),
        (os.mkfifo, "pipe"),
    ],
)
def test_what_is_no_regular_file_is_refused_and_never_waited_for(
    tmp_path: Path, make: Callable[[Path], None], what: str
) -> None:
    make(tmp_path / "photo.jpg")
    error = failure_of(tmp_path / "photo.jpg")
    assert error.kind == "unreadable"
    assert what in error.message


@pytest.mark.skipif(sys.platform == "win32", reason="the device is POSIX's")
def test_a_device_is_refused() -> None:
    error = failure_of(Path("/dev/zero"))
    assert (error.kind, "device" in error.message) == ("unreadable", True)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes in the file system are POSIX's")
def test_a_file_that_turns_into_a_pipe_is_refused_once_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "photo.jpg"
    os.mkfifo(path)
    regular = os.stat_result((stat.S_IFREG | 0o644, *Path(__file__).stat()[1:]))
    monkeypatch.setattr(Path, "lstat", lambda _path: regular)
    assert failure_of(path).kind == "unreadable"


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's process file system")
def test_what_the_system_refuses_to_read_is_unreadable() -> None:
    error = failure_of(Path("/proc/self/mem"))
    assert error.kind == "unreadable"
    assert "Input/output error" in error.message


@pytest.mark.parametrize("growth", [b"", b"grown"])
def test_a_file_that_changes_while_it_is_read_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, growth: bytes
) -> None:
    path = tmp_path / "photo"
    path.write_bytes(b"evidence")
    read = os.read

    def read_while_another_writes(descriptor: int, size: int) -> bytes:
        block = read(descriptor, size)
        if block:
            with path.open("ab") as stream:
                stream.write(growth)
            os.utime(path, ns=(5, 5))
            monkeypatch.setattr(os, "read", read)
        return block

    monkeypatch.setattr(os, "read", read_while_another_writes)
    taken = read_once(path, LIMIT)
    assert taken.changed
    assert taken.content == b"evidence" + growth
    assert taken.sha256 == hashlib.sha256(taken.content).hexdigest()
