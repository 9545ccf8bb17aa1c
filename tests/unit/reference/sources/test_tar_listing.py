"""Tar files, compared with Python's own tarfile, and hostile ones."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geolocdesk.errors import SourceError
from geolocdesk.evidence.packed import read_packed
from geolocdesk.reference.sources.container import Member
from geolocdesk.reference.sources.tar_listing import tar_members

MIB = 1 << 20


def add(archive: tarfile.TarFile, name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.type = len(content), kind
    archive.addfile(info, io.BytesIO(content))


def write_tar(path: Path, files: dict[str, bytes], tar_format: int = tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, "w", format=tar_format) as archive:
        for name, content in files.items():
            add(archive, name, content)
    return path


def contents(found: list[Member]) -> dict[str, bytes]:
    return {
        member.name: read_packed(member.packed, MIB).content if member.packed.size_bytes else b""
        for member in found
        if member.packed
    }


PARTS = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters="/\\:."), min_size=1, max_size=70
)
NAMES = st.lists(PARTS, min_size=1, max_size=4).map("/".join)


@given(
    files=st.dictionaries(NAMES, st.binary(max_size=1200), max_size=4),
    tar_format=st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
)
def test_listing_agrees_with_tarfile(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], tar_format: int
) -> None:
    path = write_tar(tmp_path_factory.mktemp("tar") / "a.tar", files, tar_format)
    found = list(tar_members(path))
    printable = {name: content for name, content in files.items() if name.isprintable()}
    assert contents(found) == printable
    assert [member.name for member in found if member.packed] == list(printable)


def test_the_old_format_and_its_split_names_are_read(tmp_path: Path) -> None:
    files = {f"{'folder' * 20}/{'name' * 20}.jpg": b"x", "b.jpg": b""}
    path = write_tar(tmp_path / "a.tar", files, tarfile.USTAR_FORMAT)
    assert contents(list(tar_members(path))) == files


def test_a_member_beyond_eight_gigabytes_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with path.open("wb") as stream:
        large = tarfile.TarInfo("video.mp4")
        large.size = 9 << 30  # more than octal digits can say
        stream.write(large.tobuf(tarfile.GNU_FORMAT))
        stream.truncate(512 + large.size)  # a hole, which takes no room
        stream.seek(0, io.SEEK_END)
        small = tarfile.TarInfo("a.jpg")
        small.size = 5
        stream.write(small.tobuf() + b"photo".ljust(512, b"\0") + bytes(1024))
    video, photo = tar_members(path)
    assert video.packed
    assert video.packed.size_bytes == 9 << 30
    assert photo.packed
    assert read_packed(photo.packed, MIB).content == b"photo"


@pytest.mark.parametrize("name", ["../a.jpg", "/etc/a.jpg", "a/../../b.jpg", "C:/a.jpg", "a\x1b[2Jb.jpg"])
def test_names_that_lead_elsewhere_are_rejected(tmp_path: Path, name: str) -> None:
    (member,) = tar_members(write_tar(tmp_path / "a.tar", {name: b"x"}))
    assert member.packed is None
    assert "its name in the container" in member.rejected


def test_links_devices_and_repeated_names_are_rejected(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        add(archive, "./a.jpg", b"first")
        add(archive, "a.jpg", b"second")
        add(archive, "folder", kind=tarfile.DIRTYPE)
        for name, kind in (
            ("l.jpg", tarfile.SYMTYPE),
            ("h.jpg", tarfile.LNKTYPE),
            ("f.jpg", tarfile.FIFOTYPE),
        ):
            add(archive, name, kind=kind)
    found = list(tar_members(path))
    assert contents(found) == {"a.jpg": b"first"}
    reasons = [member.rejected for member in found[1:]]
    for reason, expected in zip(reasons, ["same name", "link", "link", "not an ordinary"], strict=True):
        assert expected in reason


@pytest.mark.parametrize("cut", [1, 600, 1500, 1600, 2100])
def test_a_tar_cut_short_keeps_what_is_whole_and_says_so(tmp_path: Path, cut: int) -> None:
    files = {f"{number}.jpg": bytes([65 + number]) * 900 for number in range(3)}
    path = write_tar(tmp_path / "a.tar", files)
    whole = path.read_bytes().rstrip(b"\0")
    path.write_bytes(whole[: len(whole) - cut])
    *kept, last = tar_members(path)
    assert contents(kept) == {name: files[name] for name in list(files)[: len(kept)]}
    assert last.is_whole
    assert "lost" in last.rejected


def test_a_tar_that_ends_between_two_members_is_all_there_is(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", {"a.jpg": b"x" * 512})
    path.write_bytes(path.read_bytes()[:1024])
    assert len(list(tar_members(path))) == 1


def test_an_enormous_name_is_not_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with path.open("wb") as stream:
        info = tarfile.TarInfo("././@LongLink")
        info.size, info.type = 8 << 30, tarfile.GNUTYPE_LONGNAME
        stream.write(info.tobuf(tarfile.GNU_FORMAT))
        stream.truncate(512 + info.size)
    (member,) = tar_members(path)
    assert "no honest one" in member.rejected


@pytest.mark.parametrize(
    "content", [b"no tar at all" * 60, gzip.compress(bytes(4096), mtime=0)], ids=["text", "gzip"]
)
def test_what_is_no_plain_tar_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"no tar file|uncompress it first"):
        list(tar_members(path))


@given(at=st.integers(0, 2600), flipped=st.integers(1, 255))
def test_a_changed_byte_never_breaks_the_listing(
    tmp_path_factory: pytest.TempPathFactory, at: int, flipped: int
) -> None:
    path = write_tar(tmp_path_factory.mktemp("tar") / "a.tar", {"a" * 120: b"x" * 300, "b.jpg": b"y"})
    content = bytearray(path.read_bytes())
    content[at] ^= flipped
    path.write_bytes(content)
    try:
        found = list(tar_members(path))
    except SourceError:
        return
    for member in found:
        assert (member.packed is None) == bool(member.rejected)
        if member.packed:
            assert member.packed.offset + member.packed.size_bytes <= len(content)
