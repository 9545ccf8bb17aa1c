"""Photos read in place from inside containers."""

import hashlib
import io
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from geolocdesk.errors import EvidenceError
from geolocdesk.evidence.intake import Intake
from geolocdesk.evidence.packed import MemberStream, PackedFile, path_of, read_packed
from geolocdesk.evidence.rendition import Rendition

NOW = "2026-01-02T03:04:05+00:00"
MIB = 1 << 20


def deflated(content: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(content) + deflater.flush()


def packed(folder: Path, content: bytes, *, deflate: bool = False) -> PackedFile:
    """Write a container that is nothing but a member between other bytes; return the member."""
    stored = deflated(content) if deflate else content
    container = folder / "container.bin"
    container.write_bytes(b"before" + stored + b"after")
    return PackedFile(
        container, "a/b.jpg", 6, len(stored), len(content), deflated=deflate, crc32=zlib.crc32(content)
    )


@pytest.mark.parametrize("deflate", [False, True])
def test_the_bytes_and_their_hash_are_those_of_the_member(tmp_path: Path, deflate: bool) -> None:
    content = b"photo" * 50_000
    source = read_packed(packed(tmp_path, content, deflate=deflate), MIB)
    assert source.content == content
    assert source.sha256 == hashlib.sha256(content).hexdigest()
    assert not source.changed


def test_a_member_is_shown_as_a_path_below_its_container(tmp_path: Path) -> None:
    member = packed(tmp_path, b"x")
    assert path_of(member) == Path(f"{tmp_path}/container.bin!/a/b.jpg")
    assert path_of(tmp_path) == tmp_path
    assert PackedFile.from_json(member.to_json()) == replace(member, container=member.container.absolute())


@given(content=st.binary(max_size=5000), deflate=st.booleans(), sizes=st.lists(st.integers(1, 900)))
def test_reading_in_pieces_gives_the_same_bytes(content: bytes, deflate: bool, sizes: list[int]) -> None:
    stored = deflated(content) if deflate else content
    member = PackedFile(Path("c"), "m", 3, len(stored), len(content), deflated=deflate)
    stream = MemberStream(member, io.BytesIO(b"abc" + stored + b"z"))
    pieces = [stream.read(size) for size in sizes]
    assert all(len(piece) <= size for piece, size in zip(pieces, sizes, strict=True))
    assert b"".join([*pieces, stream.read()]) == content


def test_a_bomb_is_inflated_no_further_than_was_promised(tmp_path: Path) -> None:
    bomb = packed(tmp_path, bytes(64 * MIB), deflate=True)
    modest = replace(bomb, size_bytes=1000)
    with pytest.raises(EvidenceError, match="more than the container says") as caught:
        read_packed(modest, MIB)
    assert caught.value.kind == "damaged"
    with pytest.raises(EvidenceError, match=r"larger than the 1 MiB") as caught:
        read_packed(bomb, MIB)
    assert caught.value.kind == "too_large"


@pytest.mark.parametrize(
    ("change", "kind", "reason"),
    [
        ({"crc32": 7}, "damaged", "checksum"),
        ({"size_bytes": 30, "stored_bytes": 30, "crc32": -1}, "damaged", "ends before"),
        ({"deflated": True}, "damaged", "make no sense"),
        ({"size_bytes": 0}, "empty", "is empty"),
        ({"container": Path("absent")}, "not_found", "no file"),
    ],
)
def test_a_wrong_listing_is_named(
    tmp_path: Path, change: dict[str, int | bool | Path], kind: str, reason: str
) -> None:
    member = replace(packed(tmp_path, b"\xffphoto"), **change)  # type: ignore[arg-type]  # fields of the member
    with pytest.raises(EvidenceError, match=reason) as caught:
        read_packed(member, MIB)
    assert caught.value.kind == kind


def test_the_intake_treats_a_member_like_a_file(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(buffer, "JPEG")
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(buffer.getvalue())
    member = packed(tmp_path, buffer.getvalue(), deflate=True)
    broken = replace(member, crc32=1)
    rendition = [Rendition(short_side_px=32, square_px=32)]
    with Intake() as intake:
        plain, inside, damaged = intake.take_in_all([photo, member, broken], rendition, clock=lambda: NOW)
    assert not isinstance(plain, EvidenceError)
    assert not isinstance(inside, EvidenceError)
    assert inside.record == replace(plain.record, path=path_of(member))
    assert (inside.pictures[0] == plain.pictures[0]).all()
    assert isinstance(damaged, EvidenceError)
    assert damaged.path == path_of(member)
