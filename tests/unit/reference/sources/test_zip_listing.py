"""ZIP directories, compared with Python's own zipfile, and hostile ones."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geolocdesk.errors import SourceError
from geolocdesk.evidence.packed import read_packed
from geolocdesk.reference.sources.container import Member
from geolocdesk.reference.sources.zip_listing import ZipListing

MIB = 1 << 20


def members(path: Path) -> list[Member]:
    return [member for _, member in ZipListing(path).members()]


def write_zip(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


NAMES = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters="/\\:."), min_size=1, max_size=8
)


@given(
    files=st.dictionaries(NAMES, st.binary(max_size=300), max_size=6),
    method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
    before=st.binary(max_size=40),
    comment=st.binary(max_size=40).filter(lambda text: b"PK" not in text),
)
def test_listing_agrees_with_zipfile(
    tmp_path_factory: pytest.TempPathFactory,
    files: dict[str, bytes],
    method: int,
    before: bytes,
    comment: bytes,
) -> None:
    path = tmp_path_factory.mktemp("zip") / "a.zip"
    path.write_bytes(before)
    with zipfile.ZipFile(path, "a", method) as archive:
        archive.comment = comment
        for name, content in files.items():
            archive.writestr(name, content)
    listing = ZipListing(path)
    found = {}
    for position, member in listing.members():
        if member.packed is not None:
            assert listing.member_at(position) == member
            found[member.name] = (
                b"" if member.packed.size_bytes == 0 else read_packed(member.packed, MIB).content
            )
    with zipfile.ZipFile(path) as archive:
        assert found == {
            info.filename: archive.read(info) for info in archive.infolist() if info.filename.isprintable()
        }


def test_a_zip_of_more_than_four_gigabytes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    with path.open("wb") as stream:
        stream.truncate(5 << 30)  # a hole, which takes no room
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("a.jpg", b"beyond")
        with archive.open("b.jpg", "w", force_zip64=True) as member:
            member.write(b"with sizes of eight bytes")
    with zipfile.ZipFile(path) as archive:
        assert archive.infolist()[0].header_offset >= 5 << 30
    contents = [read_packed(member.packed, MIB).content for member in members(path) if member.packed]
    assert contents == [b"beyond", b"with sizes of eight bytes"]


def test_folders_are_left_out_and_backslashes_part_names(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.mkdir("folder")
        info = zipfile.ZipInfo("x")
        info.filename = "folder\\photo.jpg"  # as some programs write it
        archive.writestr(info, b"x")
    assert [member.name for member in members(path)] == ["folder/photo.jpg"]


@pytest.mark.parametrize(
    "name",
    ["../a.jpg", "/etc/a.jpg", "a/../../b.jpg", "C:/a.jpg", "C:a.jpg", "a\nb.jpg", "a\u202egpj.exe.jpg"],
)
def test_names_that_lead_elsewhere_are_rejected(tmp_path: Path, name: str) -> None:
    (member,) = members(write_zip(tmp_path / "a.zip", {name: b"x"}))
    assert member.packed is None
    assert "its name in the container" in member.rejected
    assert member.name.isprintable()


def test_a_repeated_name_is_rejected_after_its_first(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.jpg", b"first")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.jpg", b"second")
    first, second = members(path)
    assert first.packed
    assert read_packed(first.packed, MIB).content == b"first"
    assert "same name" in second.rejected


def test_encrypted_members_are_rejected(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.jpg": b"x"})
    content = bytearray(path.read_bytes())
    content[content.rindex(b"PK\1\2") + 8] |= 1
    path.write_bytes(content)
    (member,) = members(path)
    assert "encrypted" in member.rejected


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_named(tmp_path: Path, method: int) -> None:
    (member,) = members(write_zip(tmp_path / "a.zip", {"a.jpg": b"x" * 99}, method))
    assert "compressed with" in member.rejected


def overlapping(path: Path, count: int) -> Path:
    """Write a ZIP in which every entry names the same bytes, as in a bomb that overlaps itself."""
    body = zlib.compress(bytes(MIB), 9)[2:-4]
    crc = zlib.crc32(bytes(MIB))
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 0, crc, len(body), MIB, 1, 0) + b"a"
    directory = b"".join(
        struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 0, crc, len(body), MIB, 1, 0, 0, 0, 0, 0, 0)
        + (b"a" if number == 0 else b"b")
        for number in range(count)
    )
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(directory), len(local) + len(body), 0)
    path.write_bytes(local + body + directory + end)
    return path


def test_a_bomb_whose_entries_share_their_bytes_is_taken_once(tmp_path: Path) -> None:
    first, second = members(overlapping(tmp_path / "a.zip", 2))
    assert first.packed
    assert second.rejected  # its own header says another name


def test_overlap_is_noticed_whatever_the_order(tmp_path: Path) -> None:
    from geolocdesk.reference.sources.zip_listing import _Ranges

    ranges = _Ranges()
    assert ranges.add(100, 200)
    assert ranges.add(0, 100)
    assert ranges.add(50, 50)
    for start, end in ((150, 160), (199, 300), (99, 101), (0, 1), (50, 400)):
        assert not ranges.add(start, end)
    assert ranges.add(200, 201)


@pytest.mark.parametrize("cut", [1, 10, 30, 100])
def test_a_zip_without_its_end_is_refused(tmp_path: Path, cut: int) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.jpg": bytes(500), "b.jpg": bytes(500)}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(SourceError, match=r"a\.zip cannot be read"):
        members(path)


def test_a_zip_whose_middle_is_missing_says_what_is_lost(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.jpg": bytes(500), "b.jpg": bytes(500)}, zipfile.ZIP_STORED)
    content = path.read_bytes()
    path.write_bytes(content[:20] + content[120:])  # 100 bytes of the first photo
    with pytest.raises(SourceError, match="directory is damaged"):
        members(path)


@given(at=st.integers(0, 400), flipped=st.integers(1, 255))
def test_a_changed_byte_never_breaks_the_listing(
    tmp_path_factory: pytest.TempPathFactory, at: int, flipped: int
) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a.jpg", "b.jpg"):
            archive.writestr(name, name.encode() * 20)
    content = bytearray(buffer.getvalue())
    content[at % len(content)] ^= flipped
    path = tmp_path_factory.mktemp("zip") / "a.zip"
    path.write_bytes(content)
    try:
        listed = members(path)
    except SourceError:
        return
    for member in listed:
        assert (member.packed is None) == bool(member.rejected)
        if member.packed:
            assert member.packed.offset + member.packed.stored_bytes <= len(content)
