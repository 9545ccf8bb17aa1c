from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from geolocdesk.analysis import Exclusions
from geolocdesk.casefile.case import NEIGHBOUR_THUMBNAILS_KEPT, Case, utc_text
from geolocdesk.casefile.exhibit import CaseDetails, CaseSettings, ExhibitStatus
from geolocdesk.casefile.opening import read_case
from geolocdesk.errors import CaseError, EvidenceError, OutputError
from geolocdesk.estimation.location import EstimationParameters
from geolocdesk.progress import Cancelled, Progress
from geolocdesk.provenance import sha256_of_bytes, sha256_of_file
from geolocdesk.unavailable import Unavailable
from tests.doubles.analyses import (
    FIJI,
    PACK_ID,
    ZAGREB,
    make_analysis,
    make_failure,
    make_picture,
    make_record,
)

BEACH = Path("/evidence/beach.jpg")


def reopened(case: Case) -> Case:
    """Return what another program sees: only what is on the disk."""
    return read_case(case.path)  # type: ignore[return-value]


def test_a_new_case_tells_who_and_what(case: Case) -> None:
    info = case.info()

    assert info.details == CaseDetails(
        "Missing person, Zagreb", "2025/117", "A. Kovač", "Police Zagreb", "Opened on request."
    )
    assert (info.exhibits, info.analyses, info.audit_entries) == (0, 0, 1)
    assert info.created_at == info.changed_at
    assert case.settings() == CaseSettings()


def test_a_path_is_found_again_from_any_folder(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    beach, dark = Path("beach.jpg"), Path("dark.jpg")
    waiting = case.add_evidence(make_record(beach))
    analysed = case.record_analysis(make_analysis(path=beach)).exhibit
    failed = case.record_failure(make_failure(path=dark))

    monkeypatch.chdir("/")
    with reopened(case) as seen:
        assert waiting == analysed
        assert [seen.exhibit(number).path for number in (waiting, failed)] == [
            tmp_path / beach,
            tmp_path / dark,
        ]
        record = seen.record(waiting)
        assert record is not None
        assert record.path == tmp_path / beach
        document = seen.current_analysis(analysed)
        assert document is not None
        assert document.evidence.path == tmp_path / beach


def test_evidence_waits_with_its_whole_record(case: Case) -> None:
    record, picture = make_record(BEACH), make_picture()

    number = case.add_evidence(record, picture)

    with reopened(case) as seen:
        exhibit = seen.exhibit(number)
        assert (exhibit.status, exhibit.sha256, exhibit.name) == (
            ExhibitStatus.PENDING,
            record.sha256,
            "beach.jpg",
        )
        assert seen.record(number) == record
        assert seen.thumbnail(number) == picture


def test_the_same_file_keeps_its_number(case: Case) -> None:
    first = case.add_evidence(make_record(BEACH))

    assert case.add_evidence(make_record(BEACH)) == first
    assert len(list(case.exhibits())) == 1


def test_a_changed_file_and_a_copy_are_exhibits_of_their_own(case: Case) -> None:
    record = make_record(BEACH)
    numbers = [
        case.add_evidence(record),
        case.add_evidence(replace(record, sha256="f" * 64)),
        case.add_evidence(replace(record, path=Path("/evidence/copy.jpg"))),
    ]

    assert numbers == [1, 2, 3]


def test_an_analysis_is_stored_and_current(case: Case) -> None:
    analysis = make_analysis(path=BEACH)

    summary = case.record_analysis(analysis, pack_verified_at="2025-11-19T08:00:00Z")

    with reopened(case) as seen:
        exhibit = seen.exhibit(summary.exhibit)
        assert exhibit.status is ExhibitStatus.ANALYSED
        assert exhibit.current == summary
        assert summary.levels == analysis.estimate.levels
        assert summary.pack_verified_at == "2025-11-19T08:00:00Z"
        stored = seen.analysis(summary)
    assert stored.neighbours == analysis.neighbours
    assert stored.estimate.weights.tobytes() == analysis.estimate.weights.tobytes()
    assert stored.descriptor.vector.tobytes() == analysis.descriptor.vector.tobytes()


def test_every_analysis_is_kept(case: Case) -> None:
    first = case.record_analysis(make_analysis(ZAGREB, path=BEACH))
    second = case.record_analysis(make_analysis(FIJI, path=BEACH))

    assert [first.version, second.version] == [1, 2]
    assert case.analyses(1) == [first, second]
    assert case.exhibit(1).current == second
    case.choose_analysis(1, 1)
    assert case.exhibit(1).current == first
    with pytest.raises(CaseError, match="no analysis 3"):
        case.choose_analysis(1, 3)


def test_the_same_analysis_is_not_stored_twice(case: Case) -> None:
    first = case.record_analysis(make_analysis(path=BEACH))
    entries = case.info().audit_entries

    assert case.record_analysis(make_analysis(path=BEACH)) == first
    assert case.info().audit_entries == entries


def test_an_analysis_of_other_content_is_refused(case: Case) -> None:
    number = case.add_evidence(make_record(BEACH))

    with pytest.raises(CaseError, match="the file changed in between"):
        case.record_analysis(make_analysis(path=Path("/evidence/other.jpg")), exhibit=number)


def test_the_thumbnail_comes_with_the_analysis_and_is_no_part_of_it(case: Case) -> None:
    number = case.add_evidence(make_record(BEACH))
    picture = make_picture()

    summary = case.record_analysis(replace(make_analysis(path=BEACH), thumbnail=picture))

    assert summary.exhibit == number
    assert case.thumbnail(number) == picture
    assert case.analysis(summary).thumbnail is None


def test_neighbours_are_shown_without_their_pack(case: Case) -> None:
    pictures = {1001: make_picture(1, 60, 40), 1002: make_picture(2, 60, 40)}
    case.record_analysis(
        make_analysis(path=BEACH), neighbour_thumbnail=lambda _pack_id, row: pictures.get(row)
    )
    case.store_neighbour_thumbnails(PACK_ID, {1003: pictures[1001]})

    with reopened(case) as seen:
        assert seen.neighbour_thumbnail(PACK_ID, 1002) == pictures[1002]
        assert seen.neighbour_thumbnail(PACK_ID, 1003) == pictures[1001]
        assert seen.neighbour_thumbnail(PACK_ID, 1004) is None


def test_the_picture_of_a_reference_photo_is_asked_for_once(case: Case) -> None:
    asked: list[int] = []

    def thumbnail(pack_id: str, row: int) -> bytes | None:
        assert pack_id == PACK_ID
        asked.append(row)
        return None if row == 1003 else make_picture(row, 60, 40)

    nearest = [item.reference.row for item in make_analysis().neighbours.items[:NEIGHBOUR_THUMBNAILS_KEPT]]
    case.record_analysis(make_analysis(ZAGREB, path=BEACH), neighbour_thumbnail=thumbnail)
    assert asked == nearest

    case.record_analysis(make_analysis(FIJI, path=BEACH), neighbour_thumbnail=thumbnail)
    assert asked == [*nearest, 1003]
    assert case.neighbour_thumbnail(PACK_ID, 1002) == make_picture(1002, 60, 40)


def test_a_failure_stays_with_its_reason_until_the_photo_can_be_read(case: Case) -> None:
    failure = make_failure(BEACH)

    number = case.record_failure(failure)

    exhibit = case.exhibit(number)
    assert (exhibit.status, exhibit.failure_kind, exhibit.failure) == (
        ExhibitStatus.FAILED,
        "damaged",
        failure.message,
    )
    assert exhibit.sha256 is Unavailable.NOT_AVAILABLE
    assert case.record(number) is None
    assert case.record_failure(failure) == number
    assert case.record_analysis(make_analysis(path=BEACH)).exhibit == number
    assert case.exhibit(number).status is ExhibitStatus.ANALYSED
    assert case.exhibit(number).failure == ""


def test_an_earlier_analysis_survives_a_later_failure(case: Case) -> None:
    summary = case.record_analysis(make_analysis(path=BEACH))

    case.record_failure(make_failure(BEACH))

    exhibit = case.exhibit(summary.exhibit)
    assert exhibit.status is ExhibitStatus.FAILED
    assert exhibit.current == summary


def test_removal_is_undone_whole(case: Case) -> None:
    number = case.add_evidence(make_record(BEACH))
    case.add_note("seen by a witness", number)

    case.remove_evidence(number)

    assert list(case.exhibits()) == []
    assert [exhibit.number for exhibit in case.exhibits(include_removed=True)] == [number]
    with pytest.raises(CaseError, match="removed already"):
        case.remove_evidence(number)
    case.restore_evidence(number)
    assert [exhibit.number for exhibit in case.exhibits()] == [number]
    assert [note.text for note in case.notes(number)] == ["seen by a witness"]
    with pytest.raises(CaseError, match="not removed"):
        case.restore_evidence(number)


def test_adding_a_removed_photo_again_restores_it(case: Case) -> None:
    number = case.add_evidence(make_record(BEACH))
    case.remove_evidence(number)

    assert case.add_evidence(make_record(BEACH)) == number
    assert not case.exhibit(number).removed


def test_a_number_is_never_given_twice(case: Case) -> None:
    case.remove_evidence(case.add_evidence(make_record(BEACH)))

    assert case.add_evidence(make_record(Path("/evidence/2.jpg"))) == 2


def test_exclusions_are_set_and_emptied(case: Case) -> None:
    number = case.add_evidence(make_record(BEACH))
    chosen = Exclusions(frozenset({"ref-1"}), photographers=frozenset({"山田太郎"}))
    assert case.exclusions(number) == Exclusions()

    case.set_exclusions(number, chosen)
    assert case.exclusions(number) == chosen
    case.set_exclusions(number, Exclusions())
    assert case.exclusions(number) == Exclusions()


def test_notes_on_the_case_and_on_an_exhibit(case: Case) -> None:
    number = case.add_evidence(make_record(BEACH))
    on_case = case.add_note("Asked the ferry company.")
    on_exhibit = case.add_note("The sign is Croatian.", number)

    edited = case.edit_note(on_exhibit.number, "The sign is Slovene.")

    assert case.notes(None) == [on_case]
    assert case.notes(number) == [edited]
    assert edited.written_at == on_exhibit.written_at
    assert str(edited.edited_at) > edited.written_at
    case.remove_note(edited.number)
    assert case.notes(number) == []
    assert [note.removed for note in case.notes(number, include_removed=True)] == [True]
    case.restore_note(edited.number)
    assert case.notes(number) == [edited]
    assert "The sign is Croatian." in "".join(entry.inputs_json for entry in case.audit())


def test_tags_are_a_sorted_set(case: Case) -> None:
    number = case.add_evidence(make_record(BEACH))

    case.set_tags(number, ("sea", "boat", " sea ", ""))

    assert case.tags(number) == ("boat", "sea")
    case.set_tags(number, ())
    assert case.tags(number) == ()


def test_details_and_settings_change(case: Case) -> None:
    details = CaseDetails("Renamed", examiner="B. Novak")
    settings = CaseSettings(Path("/models/a"), Path("/packs/b"), EstimationParameters(neighbours=7))

    case.set_details(details)
    case.set_settings(settings)

    with reopened(case) as seen:
        assert (seen.details(), seen.settings()) == (details, settings)


@pytest.mark.parametrize(
    "ask",
    [
        lambda case: case.exhibit(9),
        lambda case: case.set_exclusions(9, Exclusions()),
        lambda case: case.set_tags(9, ("a",)),
        lambda case: case.add_note("x", 9),
        lambda case: case.remove_evidence(9),
    ],
)
def test_an_exhibit_that_does_not_exist_is_named(case: Case, ask: Callable[[Case], object]) -> None:
    with pytest.raises(CaseError, match="no exhibit 9"):
        ask(case)
    with pytest.raises(CaseError, match="no note 4"):
        case.edit_note(4, "x")


def test_the_original_is_kept_byte_for_byte(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geolocdesk.casefile.store.CHUNK_BYTES", 1000)
    content = bytes(range(256)) * 20
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(content)
    number = case.add_evidence(replace(make_record(photo), sha256=sha256_of_bytes(content)))

    case.store_original(number)

    photo.unlink()
    pieces = list(case.original(number))
    assert b"".join(pieces) == content
    assert len(pieces) == 6
    assert case.exhibit(number).has_original


def test_an_original_that_is_gone_or_changed_is_refused(case: Case, tmp_path: Path) -> None:
    number = case.add_evidence(make_record(tmp_path / "photo.jpg"))

    with pytest.raises(EvidenceError, match="not there any more") as gone:
        case.store_original(number)
    (tmp_path / "photo.jpg").write_bytes(b"something else")
    with pytest.raises(EvidenceError, match="not the file that was taken in"):
        case.store_original(number)
    assert gone.value.kind == "not_found"
    with pytest.raises(CaseError, match="not stored"):
        case.original(number)


def test_an_original_that_changes_under_our_hands_is_not_kept(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"after")
    number = case.add_evidence(replace(make_record(photo), sha256=sha256_of_bytes(b"before")))
    monkeypatch.setattr("geolocdesk.casefile.case.sha256_of_file", lambda _path: sha256_of_bytes(b"before"))

    with pytest.raises(EvidenceError, match="changed while it was copied"):
        case.store_original(number)

    assert not case.exhibit(number).has_original
    assert list(case.store.blob_hashes()) != [sha256_of_bytes(b"before")]


def test_a_copy_is_whole_and_noted(case: Case, tmp_path: Path) -> None:
    case.record_analysis(make_analysis(path=BEACH))
    before = case.info()
    copy = tmp_path / "copy.gldcase"
    seen: list[Progress] = []

    sha256 = case.save_copy(copy, seen.append)

    assert sha256_of_file(copy) == sha256
    with read_case(copy) as copied:
        assert copied.info().audit_hash == before.audit_hash
        assert copied.current_analysis(1) is not None
    last = list(case.audit())[-1]
    assert (last.action, last.inputs["sha256"]) == ("case copied", sha256)
    assert seen[-1].done == seen[-1].total


def test_a_cancelled_copy_leaves_nothing(case: Case, tmp_path: Path) -> None:
    target = tmp_path / "copies"
    target.mkdir()

    def cancel(_progress: Progress) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        case.save_copy(target / "copy.gldcase", cancel)
    assert list(target.iterdir()) == []


def test_a_copy_onto_itself_is_refused(case: Case, tmp_path: Path) -> None:
    link = tmp_path / "link.gldcase"
    link.symlink_to(case.path)

    with pytest.raises(OutputError, match="this case itself"):
        case.save_copy(link)


def test_listings_cross_pages(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geolocdesk.casefile.reader._PAGE", 3)
    for index in range(10):
        case.add_evidence(make_record(Path(f"/evidence/{index}.jpg")))
    case.remove_evidence(4)

    assert [exhibit.number for exhibit in case.exhibits()] == [1, 2, 3, 5, 6, 7, 8, 9, 10]
    assert [entry.sequence for entry in case.store.entries(page=4)] == list(range(1, 13))


def test_a_listing_may_be_left_open_while_the_case_changes(case: Case) -> None:
    case.add_evidence(make_record(BEACH))
    with read_case(case.path) as reader:
        listing = reader.exhibits()
        next(listing)
        case.add_evidence(make_record(Path("/evidence/2.jpg")))
        assert [exhibit.number for exhibit in listing] == [2]
        assert reader.info().exhibits == 2


def test_names_that_are_not_text_are_kept(case: Case) -> None:
    path = Path("/evidence/caf\udce9.jpg")

    number = case.add_evidence(make_record(path))

    assert case.exhibit(number).path == path
    assert case.exhibit(number).name == "caf?.jpg"
    assert case.add_evidence(make_record(path)) == number


def test_the_clock_must_know_its_zone() -> None:
    from datetime import datetime, timedelta, timezone

    with pytest.raises(ValueError, match="zone"):
        utc_text(datetime(2025, 1, 1))  # noqa: DTZ001 - the point of the test
    assert utc_text(datetime(2025, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == "2024-12-31T22:00:00.000Z"
