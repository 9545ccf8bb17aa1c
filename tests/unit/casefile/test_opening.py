import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from geolocdesk.casefile import schema
from geolocdesk.casefile.case import Case
from geolocdesk.casefile.exhibit import CaseDetails
from geolocdesk.casefile.lock import CaseLock, CaseLockedError, lock_path
from geolocdesk.casefile.opening import create_case, open_case, read_case, read_snapshot
from geolocdesk.errors import CaseError
from tests.doubles.analyses import make_analysis, make_record
from tests.doubles.cases import DETAILS, ticking_clock


def reopen(path: Path) -> Case:
    return open_case(path, actor="B. Novak", clock=ticking_clock())


def in_sqlite(path: Path, *statements: str) -> None:
    """Change a closed case behind the program's back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_a_case_is_one_sqlite_file_that_says_what_it_is(case: Case, case_path: Path) -> None:
    case.close()

    content = case_path.read_bytes()
    assert content[:16] == b"SQLite format 3\x00"
    assert content[68:72] == b"GLDC"
    assert int.from_bytes(content[60:64], "big") == schema.FORMAT_VERSION
    assert content[18:20] == b"\x01\x01"  # rollback journal
    assert list(case_path.parent.iterdir()) == [case_path]


def test_reopening_keeps_everything_and_changes_no_byte(case: Case, case_path: Path) -> None:
    case.record_analysis(make_analysis())
    case.close()
    before = case_path.read_bytes()

    with reopen(case_path) as again:
        assert again.info().analyses == 1
    with read_case(case_path) as again:
        assert again.info().analyses == 1

    assert case_path.read_bytes() == before


def test_each_commit_reaches_the_disk(case: Case) -> None:
    assert case.store.rows("PRAGMA synchronous") == [(3,)]
    assert case.store.rows("PRAGMA journal_mode") == [("delete",)]


def test_an_existing_file_is_never_overwritten(case: Case, case_path: Path) -> None:
    case.close()
    before = case_path.read_bytes()

    with pytest.raises(CaseError, match="exists already"):
        create_case(case_path, DETAILS, actor="x", clock=ticking_clock())

    assert case_path.read_bytes() == before


def test_a_second_writer_is_told_who_has_it_and_may_read(case: Case, case_path: Path) -> None:
    case.add_evidence(make_record())
    with pytest.raises(CaseLockedError, match=f"process {os.getpid()}") as locked:
        reopen(case_path)
    assert "for reading only" in locked.value.message
    assert locked.value.holder is not None
    with read_case(case_path) as reader:
        assert reader.read_only
        assert reader.info().exhibits == 1
    case.close()
    reopen(case_path).close()


def test_two_names_of_one_case_share_the_lock(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    link = folder / "link.gldcase"
    link.symlink_to(case.path)

    with pytest.raises(CaseLockedError):
        reopen(link)


def test_a_killed_writer_keeps_nobody_out(case_path: Path) -> None:
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from geolocdesk.casefile.lock import CaseLock\n"
        "lock = CaseLock(Path(sys.argv[1]), 'host', 'then')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    create_case(case_path, DETAILS, actor="x", clock=ticking_clock()).close()

    ended = subprocess.run([sys.executable, "-c", script, str(case_path)], check=False)

    assert ended.returncode == -9
    assert lock_path(case_path).exists()
    reopen(case_path).close()
    assert not lock_path(case_path).exists()


def test_a_lock_released_twice_is_released_once(case_path: Path) -> None:
    first = CaseLock(case_path, "host", "then")
    first.release()
    second = CaseLock(case_path, "host", "then")
    first.release()
    with pytest.raises(CaseLockedError):
        CaseLock(case_path, "host", "then")
    second.release()


def test_a_damaged_lock_file_names_nobody(case_path: Path) -> None:
    with_lock = CaseLock(case_path, "host", "then")
    lock_path(case_path).write_text("not json")
    with pytest.raises(CaseLockedError, match="another geolocdesk\\.") as locked:
        CaseLock(case_path, "host", "then")
    assert locked.value.holder is None
    with_lock.release()


def test_what_is_no_case_is_named(tmp_path: Path, case_path: Path) -> None:
    missing = tmp_path / "missing.gldcase"
    empty = tmp_path / "empty.gldcase"
    empty.touch()
    text = tmp_path / "text.gldcase"
    text.write_text("not a database at all" * 100)
    foreign = tmp_path / "foreign.gldcase"
    in_sqlite(foreign, "CREATE TABLE compatibility (a)")
    impostor = tmp_path / "impostor.gldcase"
    in_sqlite(impostor, f"PRAGMA application_id = {schema.APPLICATION_ID}", "CREATE TABLE a (a)")

    for path, sentence in (
        (missing, "There is no case"),
        (tmp_path, "There is no case"),
        (empty, "not a geolocdesk case"),
        (text, "not a geolocdesk case"),
        (foreign, "not a geolocdesk case"),
        (impostor, "its tables are not those of a case"),
    ):
        with pytest.raises(CaseError, match=sentence):
            reopen(path)
        with pytest.raises(CaseError, match=sentence):
            read_case(path)
        assert not lock_path(path).exists()


def test_a_case_cut_short_is_named_damaged(case: Case, case_path: Path) -> None:
    case.record_analysis(make_analysis())
    case.close()
    os.truncate(case_path, case_path.stat().st_size // 2 // 4096 * 4096)

    def read_everything() -> None:
        with read_case(case_path) as reader:
            list(reader.audit())
            reader.current_analysis(1)

    with pytest.raises(CaseError, match="damaged"):
        read_everything()


def test_a_newer_case_is_read_where_it_allows_and_refused_where_not(case: Case, case_path: Path) -> None:
    case.close()
    in_sqlite(case_path, "PRAGMA user_version = 9", "UPDATE compatibility SET writable_by = 9")
    with pytest.raises(CaseError, match=r"newer geolocdesk \(format 9\), so this one can only read"):
        reopen(case_path)
    with read_case(case_path) as reader:
        assert reader.info().format_version == 9

    in_sqlite(case_path, "UPDATE compatibility SET readable_by = 8")
    with pytest.raises(CaseError, match="reads up to 1"):
        read_case(case_path)


def test_an_older_case_is_brought_up_to_date_once(case: Case, case_path: Path) -> None:
    case.close()
    in_sqlite(case_path, "PRAGMA user_version = 0", "DROP TABLE tags")
    with pytest.raises(CaseError, match="of an older format"):
        read_case(case_path)

    def add_tags(connection: sqlite3.Connection) -> None:
        connection.execute(schema.PROJECTED_TABLES["tags"])

    migrations = [schema.Migration(0, add_tags)]
    with open_case(case_path, actor="x", clock=ticking_clock(), migrations=migrations) as migrated:
        migrated.set_tags(migrated.add_evidence(make_record()), ("a",))
        entry = list(migrated.audit())[1]
    assert (entry.action, entry.inputs["from"], entry.inputs["to"]) == (
        "case brought to a newer format",
        0,
        1,
    )
    with read_case(case_path) as reader:
        assert reader.info().format_version == 1


def test_a_failed_migration_leaves_the_old_case(case: Case, case_path: Path) -> None:
    case.close()
    in_sqlite(case_path, "PRAGMA user_version = 0", "DROP TABLE tags")
    before = case_path.read_bytes()

    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TABLE notes")
        raise KeyError

    with pytest.raises(KeyError):
        open_case(case_path, actor="x", clock=ticking_clock(), migrations=[schema.Migration(0, fail)])

    assert case_path.read_bytes() == before
    assert not lock_path(case_path).exists()


def test_altered_definitions_are_refused_for_writing(case: Case, case_path: Path) -> None:
    case.close()
    in_sqlite(case_path, "DROP TRIGGER audit_is_never_deleted")

    with pytest.raises(CaseError, match="altered"):
        reopen(case_path)
    read_case(case_path).close()


def test_a_reader_cannot_change_the_case(case: Case, case_path: Path) -> None:
    with (
        read_case(case_path) as reader,
        pytest.raises(CaseError, match="reading only"),
        reader.store.transaction(),
    ):
        pytest.fail("a reader has no transactions")
    with read_case(case_path) as reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.store.connection.execute("DELETE FROM notes")


def test_an_interrupted_change_is_undone_by_reader_and_writer(case: Case, case_path: Path) -> None:
    case.add_evidence(make_record())
    case.store.connection.execute("PRAGMA cache_size = 2")
    case.store.connection.execute("BEGIN IMMEDIATE")
    case.store.put_blob(os.urandom(200_000))
    for name in ("reader", "writer"):
        copied = case_path.with_name(f"{name}.gldcase")
        shutil.copy(case_path, copied)
        shutil.copy(f"{case_path}-journal", f"{copied}-journal")
    case.store.connection.execute("ROLLBACK")

    with read_case(case_path.with_name("reader.gldcase")) as reader:
        assert reader.info().exhibits == 1
    with reopen(case_path.with_name("writer.gldcase")) as writer:
        assert writer.info().exhibits == 1
        assert writer.store.rows("PRAGMA integrity_check") == [("ok",)]
    assert (
        case_path.with_name("reader.gldcase").read_bytes()
        == case_path.with_name("writer.gldcase").read_bytes()
    )


def test_a_snapshot_stays_as_it_was(case: Case, case_path: Path) -> None:
    case.record_analysis(make_analysis())
    before = case.info()

    with read_snapshot(case_path) as snapshot:
        case.add_note("later", 1)
        case.record_analysis(make_analysis(path=Path("/evidence/later.jpg")))

        assert replace(snapshot.info(), size_bytes=before.size_bytes) == before
        assert snapshot.notes(1) == []
        assert [exhibit.number for exhibit in snapshot.exhibits()] == [1]
        assert snapshot.current_analysis(1) is not None
        assert snapshot.read_only
        with pytest.raises(CaseError, match="reading only"), snapshot.store.transaction():
            pytest.fail("a snapshot has no transactions")
    assert sorted(case_path.parent.iterdir()) == [case_path, lock_path(case_path)]


def test_a_snapshot_of_what_is_no_case_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="There is no case"):
        read_snapshot(tmp_path / "missing.gldcase")


def test_a_full_disk_is_named_and_the_case_intact(case: Case) -> None:
    case.record_analysis(make_analysis())
    before = case.info()
    pages = case.store.rows("PRAGMA page_count")[0][0]
    case.store.connection.execute(f"PRAGMA max_page_count = {pages + 1}")

    with pytest.raises(CaseError, match=r"no room left .* as it was"):
        case.add_note("x" * 100_000)

    assert case.info() == before
    case.store.connection.execute("PRAGMA max_page_count = 1000000")
    case.add_note("there is room again")
    assert case.info().audit_entries == before.audit_entries + 1


def test_a_real_write_error_is_named_and_the_case_intact(case: Case, case_path: Path) -> None:
    case.record_analysis(make_analysis())
    case.close()
    script = (
        "import resource, sys\n"
        "from datetime import UTC, datetime\n"
        "from pathlib import Path\n"
        "from geolocdesk.casefile.opening import open_case\n"
        "from geolocdesk.errors import CaseError\n"
        "path = Path(sys.argv[1])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 4096, -1))\n"
        "case = open_case(path, actor='x', clock=lambda: datetime.now(UTC))\n"
        "try:\n"
        "    case.add_note('x' * 300_000)\n"
        "except CaseError as error:\n"
        "    print(error.message)\n"
        "case.close()\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", script, str(case_path)], check=True, capture_output=True, text=True
    )

    assert "could not be read or written" in ended.stdout
    with reopen(case_path) as again:
        assert again.notes(None) == []
        assert again.info().analyses == 1


def test_a_folder_that_cannot_be_written_to_is_named(case: Case, case_path: Path, tmp_path: Path) -> None:
    case.close()
    lock_path(case_path).mkdir()  # stops root too, which permission bits do not

    with pytest.raises(CaseError, match="Open it for reading only"):
        reopen(case_path)
    with read_case(case_path) as reader:
        assert reader.info().exhibits == 0
    for impossible in (case_path / "below-a-file.gldcase", tmp_path / "no such folder" / "a.gldcase"):
        with pytest.raises(CaseError, match="cannot be written to"):
            create_case(impossible, CaseDetails("x"), actor="x", clock=ticking_clock())


def test_a_writer_waits_for_no_reader_for_ever(case: Case, case_path: Path) -> None:
    case.store.connection.execute("PRAGMA busy_timeout = 20")
    with closing(sqlite3.connect(case_path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM audit").fetchone()
        with pytest.raises(CaseError, match="Another program is using"):
            case.add_note("x")
        other.execute("ROLLBACK")
    assert case.notes(None) == []
    case.add_note("y")
