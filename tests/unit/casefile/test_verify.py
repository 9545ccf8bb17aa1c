import random
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from geolocdesk.analysis import Analysis
from geolocdesk.casefile.opening import create_case, read_case
from geolocdesk.casefile.verify import Recompute, Verdict, VerifiedRow, verify_case
from geolocdesk.errors import CaseError, EvidenceError, ModelError, PackError
from geolocdesk.geodesy import Position
from geolocdesk.progress import Cancelled, Progress
from geolocdesk.provenance import Provenance, sha256_of_bytes
from tests.doubles.analyses import FIJI, ZAGREB, make_analysis, make_failure, make_picture
from tests.doubles.cases import DETAILS, ticking_clock


def recompute_the_same(_path: Path, analysis: Analysis) -> Analysis:
    return analysis


def analysis_of(path: Path, position: Position = ZAGREB) -> Analysis:
    """Return an analysis whose evidence is really there."""
    made = make_analysis(position, path=path)
    return replace(
        made,
        evidence=replace(made.evidence, sha256=sha256_of_bytes(path.read_bytes())),
        thumbnail=make_picture(),
    )


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "beach.jpg"
    path.write_bytes(b"\xff\xd8 a photo, as far as a hash goes \xff\xd9")
    return path


@pytest.fixture
def closed_case(photo: Path, tmp_path: Path) -> Path:
    """Return a case with one of everything, closed."""
    path = tmp_path / "case.gldcase"
    with create_case(path, DETAILS, actor="A. Kovač", clock=ticking_clock()) as case:
        picture = make_picture(2, 60, 40)
        case.record_analysis(
            analysis_of(photo), neighbour_thumbnail=lambda _pack_id, row: picture if row == 1001 else None
        )
        case.record_analysis(analysis_of(photo, FIJI))
        case.add_note("The sign is Croatian.", 1)
        case.set_tags(1, ("sea",))
        case.record_failure(make_failure())
    return path


def verified(
    path: Path, recompute: Recompute | None = recompute_the_same, *, all_versions: bool = False
) -> list[VerifiedRow]:
    with read_case(path) as case:
        return list(verify_case(case, recompute, all_versions=all_versions))


def verdicts(rows: list[VerifiedRow]) -> list[Verdict]:
    return [row.verdict for row in rows]


def damaging(path: Path, statement: str) -> None:
    """Change a stored row the way only somebody with a database tool can."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for trigger in (
            "audit_is_never_changed",
            "audit_is_never_deleted",
            "blob_chunks_are_never_changed",
            "blob_chunks_are_never_deleted",
        ):
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute(statement)


def flip_byte(path: Path, needle: bytes) -> None:
    """Flip one byte of the file at the only place where the needle stands."""
    content = bytearray(path.read_bytes())
    assert content.count(needle) == 1
    content[content.index(needle)] ^= 0x01
    path.write_bytes(content)


def test_a_sound_case_agrees_row_by_row(closed_case: Path) -> None:
    rows = verified(closed_case)

    assert [(row.subject, row.verdict) for row in rows] == [
        ("audit trail", Verdict.AGREES),
        ("stored data", Verdict.AGREES),
        ("exhibit 1: beach.jpg", Verdict.AGREES),
        ("exhibit 2: broken.jpg", Verdict.NOTHING_TO_CHECK),
    ]
    assert rows[2].difference_m == 0.0
    assert "to the last digit" in rows[2].explanation
    assert all(row.sound for row in rows)


def test_earlier_analyses_are_recomputed_on_request(closed_case: Path) -> None:
    rows = verified(closed_case, all_versions=True)

    assert [(row.exhibit, row.version) for row in rows if row.version] == [(1, 1), (1, 2)]


def test_without_recomputing_the_evidence_is_hashed_all_the_same(closed_case: Path) -> None:
    assert verdicts(verified(closed_case, None))[2] is Verdict.UNCHANGED


def test_a_changed_evidence_file_is_named(closed_case: Path, photo: Path) -> None:
    flip_byte(photo, b"a photo")

    row = verified(closed_case)[2]

    assert (row.verdict, row.exhibit, row.sound) == (Verdict.EVIDENCE_CHANGED, 1, False)
    assert str(photo) in row.explanation


def test_a_missing_evidence_file_is_named(closed_case: Path, photo: Path) -> None:
    photo.unlink()

    assert verdicts(verified(closed_case))[2] is Verdict.EVIDENCE_MISSING


def test_the_original_in_the_case_stands_in_for_a_missing_file(
    closed_case: Path, photo: Path, tmp_path: Path
) -> None:
    content = photo.read_bytes()
    from geolocdesk.casefile.opening import open_case

    with open_case(closed_case, actor="x", clock=ticking_clock()) as case:
        case.store_original(1)
    photo.unlink()
    read: list[bytes] = []

    def recompute(path: Path, analysis: Analysis) -> Analysis:
        read.append(path.read_bytes())
        return analysis

    rows = verified(closed_case, recompute)

    assert verdicts(rows)[2:4] == [Verdict.EVIDENCE_MISSING, Verdict.AGREES]
    assert read == [content]


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (ModelError("The weights are missing."), Verdict.MODEL_MISSING),
        (PackError("The pack is damaged."), Verdict.PACK_MISSING),
        (EvidenceError("decoder_timeout", Path("x"), "It took too long."), Verdict.CANNOT_RECOMPUTE),
    ],
)
def test_what_recomputing_lacks_is_named(
    closed_case: Path, error: ModelError | PackError | EvidenceError, verdict: Verdict
) -> None:
    def recompute(_path: Path, _analysis: Analysis) -> Analysis:
        raise error

    row = verified(closed_case, recompute)[2]

    assert (row.verdict, row.explanation) == (verdict, error.message)


@pytest.mark.parametrize(
    ("change", "verdict"),
    [({"weights_sha256": "0" * 64}, Verdict.MODEL_MISSING), ({"pack_id": "0" * 64}, Verdict.PACK_MISSING)],
)
def test_another_model_or_pack_proves_nothing(
    closed_case: Path, change: dict[str, str], verdict: Verdict
) -> None:
    def recompute(_path: Path, analysis: Analysis) -> Analysis:
        return replace(analysis, provenance=Provenance.from_json({**analysis.provenance.to_json(), **change}))

    row = verified(closed_case, recompute)[2]

    assert row.verdict is verdict
    assert "0" * 64 in row.explanation


def test_a_different_answer_is_named_in_metres(closed_case: Path) -> None:
    def recompute(_path: Path, analysis: Analysis) -> Analysis:
        moved = Position(analysis.estimate.position.latitude + 0.1, analysis.estimate.position.longitude)
        return replace(analysis, estimate=replace(analysis.estimate, position=moved))

    row = verified(closed_case, recompute)[2]

    assert row.verdict is Verdict.DIFFERS
    # A tenth of a degree of latitude on a sphere of 6371 km is 11119.49 m.
    assert row.difference_m == pytest.approx(11119.49, abs=0.01)
    assert "11,119 m" in row.explanation


def test_a_flipped_byte_in_a_stored_answer_is_named(closed_case: Path) -> None:
    with read_case(closed_case) as case:
        first, _second = case.analyses(1)
    damaging(
        closed_case,
        "UPDATE blob_chunks SET content = CAST(replace(CAST(content AS TEXT), '16.9', '16.8') AS BLOB)"
        " WHERE sha256 = (SELECT document_sha256 FROM analyses WHERE version = 2)",
    )

    rows = verified(closed_case, all_versions=True)

    altered = [row for row in rows if row.verdict is Verdict.STORED_ALTERED and row.exhibit == 1]
    assert {(row.subject, row.version) for row in altered} == {
        ("stored data", 2),
        ("exhibit 1: beach.jpg", 2),
    }
    assert [row.verdict for row in rows if row.version == first.version] == [Verdict.AGREES]


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE exhibits SET sha256 = 'aa' WHERE exhibit = 1", "exhibits” was altered: sha256"),
        ("UPDATE analyses SET summary = '{}' WHERE version = 1", "analyses” was altered: summary"),
        ("UPDATE exhibits SET status = 'qnalysed' WHERE exhibit = 1", "exhibits” was altered: status"),
        ("UPDATE notes SET text = 'The sign is Slovene.'", "notes” was altered: text is"),
        ("DELETE FROM tags", "1, sea of the table “tags” is missing"),
        ("INSERT INTO tags VALUES (1, 'x')", "1, x of the table “tags” is not in the audit trail"),
        ("DELETE FROM neighbour_thumbnails", "is missing"),
        (
            'UPDATE case_values SET value = \'{"title":"x"}\'',
            "details of the table “case_values” was altered",
        ),
    ],
)
def test_a_row_changed_behind_the_trail_is_named(closed_case: Path, statement: str, named: str) -> None:
    with closing(sqlite3.connect(closed_case, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(statement)

    faults = [row.explanation for row in verified(closed_case, None) if row.verdict is Verdict.STORED_ALTERED]

    assert any(named in fault for fault in faults), faults


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET at = '2024-01-01' WHERE sequence = 3",
        "UPDATE audit SET inputs = replace(inputs, 'Croatian', 'Slovene')",
        "DELETE FROM audit WHERE sequence = 2",
        "DELETE FROM audit",
    ],
)
def test_a_broken_trail_is_named(closed_case: Path, statement: str) -> None:
    damaging(closed_case, statement)

    assert Verdict.AUDIT_BROKEN in verdicts(verified(closed_case, None))


def test_a_flipped_byte_in_an_audit_row_is_named(closed_case: Path) -> None:
    flip_byte(closed_case, b'"text":"The sign is')

    rows = verified(closed_case, None)

    assert [row.explanation for row in rows if row.verdict is Verdict.AUDIT_BROKEN] == [
        "Entry 5 is not sound: its content is not what was recorded."
    ]


def test_missing_contents_are_named(closed_case: Path) -> None:
    damaging(closed_case, "DELETE FROM blob_chunks")

    explanations = " ".join(row.explanation for row in verified(closed_case, None))

    for what in (
        "The analysis 1 of exhibit 1",
        "The analysis 2 of exhibit 1",
        "The EXIF record of exhibit 1",
        "The picture of exhibit 1",
        "A reference photo's thumbnail",
    ):
        assert what in explanations


def logical_content(path: Path) -> list[str] | None:
    """Return everything the database holds, or None where SQLite itself refuses it."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.text_factory = bytes
            tables = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
            rows = [repr(tables), repr(connection.execute("PRAGMA user_version").fetchone())]
            for name, sql in tables:
                if sql and sql.startswith(b"CREATE TABLE"):
                    rows += map(repr, connection.execute(f"SELECT * FROM {name.decode()}"))  # noqa: S608
            return rows
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return None


@pytest.mark.parametrize("seed", range(8))
def test_no_flipped_byte_anywhere_goes_unnoticed(closed_case: Path, seed: int) -> None:
    """Whatever byte is flipped: either it means nothing to the database, or somebody says so."""
    sound = closed_case.read_bytes()
    content = logical_content(closed_case)
    chance = random.Random(seed)
    for _ in range(40):
        offset = chance.randrange(len(sound))
        damaged = bytearray(sound)
        damaged[offset] ^= 1 << chance.randrange(8)
        closed_case.write_bytes(damaged)
        if logical_content(closed_case) == content:
            continue
        try:
            rows = verified(closed_case, None)
        except CaseError:
            continue
        assert not all(row.sound for row in rows), f"byte {offset}"


def test_progress_may_cancel(closed_case: Path) -> None:
    def cancel(_progress: Progress) -> None:
        raise Cancelled

    with read_case(closed_case) as case, pytest.raises(Cancelled):
        list(verify_case(case, None, progress=cancel))


def test_progress_names_each_exhibit(closed_case: Path) -> None:
    seen: list[Progress] = []
    with read_case(closed_case) as case:
        list(verify_case(case, None, progress=seen.append))

    assert [(step.done, step.total, step.detail) for step in seen] == [
        (0, 2, "beach.jpg"),
        (1, 2, "broken.jpg"),
        (2, 2, ""),
    ]
