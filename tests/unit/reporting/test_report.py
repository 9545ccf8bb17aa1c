"""The content model: what a report says, and what it leaves out."""

import gc
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from geolocdesk.analysis import Analysis, Exclusions
from geolocdesk.casefile.case import Case
from geolocdesk.casefile.opening import create_case
from geolocdesk.errors import UsageError
from geolocdesk.estimation.location import Familiarity
from geolocdesk.geodesy import Position
from geolocdesk.progress import Cancelled, Progress
from geolocdesk.provenance import Provenance
from geolocdesk.reporting.report import EVERYTHING, ExhibitReport, Report, ReportContents
from geolocdesk.unavailable import Unavailable
from tests.doubles.analyses import ZAGREB, make_analysis, make_failure, make_picture, make_record
from tests.doubles.cases import DETAILS, ticking_clock

BEACH = Path("/evidence/beach.jpg")


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    path = tmp_path / "zagreb.gldcase"
    with create_case(path, DETAILS, actor="A. Kovač", clock=ticking_clock()) as made:
        yield made


def test_the_title_page_writes_out_what_is_missing(tmp_path: Path) -> None:
    details = replace(DETAILS, number="", remarks="  ")
    with create_case(tmp_path / "x.gldcase", details, actor="a", clock=ticking_clock()) as case:
        facts = {fact.name: fact for fact in Report(case).case_facts()}

    assert facts["Case number"].value == "not available"
    assert facts["Case number"].is_missing
    assert facts["Remarks"].value == "not available"
    assert facts["Examiner"].value == "A. Kovač"
    assert facts["Contents"].value.startswith("0\N{NO-BREAK SPACE}exhibits")


def test_the_newest_audit_hash_stands_on_the_title_page(case: Case) -> None:
    case.add_evidence(make_record(BEACH))

    assert case.info().audit_hash in {fact.value for fact in Report(case).case_facts()}


def test_an_answer_is_told_with_everything_it_rests_on(case: Case) -> None:
    analysis = make_analysis(path=BEACH)
    pictures = {analysis.neighbours.items[0].reference.row: make_picture(7)}
    case.record_analysis(
        analysis,
        neighbour_thumbnail=lambda _pack_id, row: pictures.get(row),
        pack_verified_at="2025-11-01T00:00:00Z",
    )

    (exhibit,) = Report(case).exhibits()

    assert exhibit.title == "Exhibit 1: beach.jpg"
    answer = exhibit.answer
    assert answer is not None
    assert answer.position == "45.813100, 15.977200"
    assert "Zagreb" in answer.place
    assert "inhabitants" in answer.place
    assert [line.name for line in answer.levels] == ["street", "city", "region", "country", "continent"]
    assert answer.levels[3].probability == "83\N{NO-BREAK SPACE}%"
    assert "1,830" in answer.levels[3].calibration
    assert answer.neighbours[0].thumbnail == make_picture(7)
    assert answer.neighbours[1].thumbnail is None
    facts = {fact.name: fact.value for fact in answer.provenance}
    assert facts["Analysis id"] == analysis.analysis_id
    assert facts["Weights SHA-256"] == analysis.provenance.weights_sha256
    assert facts["Pack id"] == analysis.provenance.pack_id
    assert facts["Pack last fully verified"] == "2025-11-01 00:00:00 UTC"
    assert "torch\N{NO-BREAK SPACE}2.14.1" in facts["Libraries"]


def test_a_photo_that_resembles_nothing_is_warned_of(case: Case) -> None:
    analysis = make_analysis(path=BEACH)
    warnings = []
    for distance, warned in ((1.19, False), (1.21, True)):
        estimate = replace(analysis.estimate, familiarity=Familiarity(distance, 0.97, 1.2, 1830))
        case.record_analysis(replace(analysis, estimate=estimate))
        report = Report(case)
        (exhibit,), (line,) = report.exhibits(), report.summary()
        assert exhibit.answer is not None
        assert ("resembles nothing" in exhibit.answer.warning) is warned
        assert (line.certainty == "none: resembles nothing in the pack") is warned
        assert exhibit.answer.assessment.startswith(exhibit.answer.warning)
        assert exhibit.answer.assessment.endswith(exhibit.answer.certainty)
        warnings.append(exhibit.answer.warning)
    assert "97\N{NO-BREAK SPACE}% of the 1,830\N{NO-BREAK SPACE}photos" in warnings[-1]


def test_the_calibration_behind_a_probability_is_named(case: Case) -> None:
    analysis = make_analysis(path=BEACH)
    case.record_analysis(
        replace(analysis, provenance=replace(analysis.provenance, calibration_sha256="c" * 64))
    )
    (exhibit,) = Report(case).exhibits()
    assert exhibit.answer is not None
    assert {fact.name: fact.value for fact in exhibit.answer.provenance}["Calibration SHA-256"] == "c" * 64
    assert exhibit.answer.levels[2].calibrated_on.startswith("calibrated on 1,830")


def test_uncalibrated_probabilities_say_so(case: Case) -> None:
    case.record_analysis(make_analysis(path=BEACH, bare=True))

    report = Report(case)
    (exhibit,), (line,) = report.exhibits(), report.summary()

    assert exhibit.answer is not None
    assert exhibit.answer.calibration == "not calibrated"
    assert {level.calibration for level in exhibit.answer.levels} == {"not calibrated"}
    assert "not yet the chance of being right" in exhibit.answer.certainty
    assert line.certainty.endswith("not calibrated")


def test_a_files_claim_stands_beside_the_answer_and_is_called_untrusted(case: Case) -> None:
    case.record_analysis(make_analysis(path=BEACH))

    (exhibit,) = Report(case).exhibits()

    assert exhibit.answer is not None
    assert "took no part in the answer" in exhibit.answer.claim
    assert "12\N{NO-BREAK SPACE}km" in exhibit.answer.claim
    claims = {fact.name: fact.value for fact in exhibit.claims}
    assert claims["GPS position"] == "45.813100, 15.977200"
    assert claims["Lens"] == "unreadable"


def test_a_file_without_metadata_has_every_claim_written_out(case: Case) -> None:
    case.record_analysis(make_analysis(path=BEACH, bare=True))

    (exhibit,) = Report(case).exhibits()

    assert {fact.value for fact in exhibit.claims} == {"not available", "not applicable"}


def test_a_failed_photo_keeps_its_reason(case: Case) -> None:
    case.record_failure(make_failure())

    report = Report(case)
    (exhibit,), (line,) = report.exhibits(), report.summary()

    assert exhibit.answer is None
    assert exhibit.failure == "/evidence/broken.jpg is damaged. Ask for another copy of it."
    assert line.place == exhibit.failure
    assert line.position == "not applicable"


def test_a_failure_after_an_analysis_shows_both(case: Case) -> None:
    case.record_analysis(make_analysis(path=BEACH))
    case.record_failure(make_failure(BEACH))

    (exhibit,) = Report(case).exhibits()

    assert exhibit.answer is not None
    assert exhibit.failure


def test_removed_exhibits_are_counted_and_left_out(case: Case) -> None:
    case.record_analysis(make_analysis(path=BEACH))
    case.remove_evidence(case.add_evidence(make_record(Path("/evidence/private.jpg"))))

    report = Report(case)

    assert [exhibit.exhibit.number for exhibit in report.exhibits()] == [1]
    assert (
        "1 removed and not in this report"
        in {fact.name: fact.value for fact in report.case_facts()}["Contents"]
    )


def test_a_choice_of_exhibits_is_named_on_the_title_page(case: Case) -> None:
    for number in range(1, 6):
        case.add_evidence(make_record(Path(f"/evidence/{number}.jpg")))

    report = Report(case, ReportContents(exhibits=frozenset({1, 2, 3, 5})))

    assert [line.number for line in report.summary()] == [1, 2, 3, 5]
    assert {fact.name: fact.value for fact in report.case_facts()}["In this report"] == "exhibits 1–3, 5"


def test_an_exhibit_the_case_has_not_is_refused_by_name(case: Case) -> None:
    case.add_evidence(make_record(BEACH))

    with pytest.raises(UsageError, match="has no exhibit 7; its exhibits are 1"):
        Report(case, ReportContents(exhibits=frozenset({1, 7})))


def test_what_is_left_out_is_not_read(case: Case) -> None:
    number = case.add_evidence(make_record(BEACH), make_picture())
    case.record_analysis(make_analysis(path=BEACH), exhibit=number)
    case.add_note("A note.", number)
    nothing = ReportContents(
        photos=False, tags=False, neighbours=0, notes=False, provenance=False, method=False, audit=False
    )

    report = Report(case, nothing)
    (exhibit,) = report.exhibits()

    assert exhibit.photo is None
    assert exhibit.tags == ()
    assert exhibit.notes == ()
    assert list(report.audit()) == []
    assert exhibit.answer is not None
    assert exhibit.answer.neighbours == ()
    assert exhibit.answer.neighbours_in_all == 20


def test_hidden_characters_are_spelled_out_everywhere(case: Case) -> None:
    evil = Path("/evidence/photo\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe")
    number = case.record_failure(make_failure(evil))
    case.add_note("line one\nline\N{ZERO WIDTH SPACE} two", number)
    case.set_tags(number, ("tag\N{RIGHT-TO-LEFT OVERRIDE}",))

    report = Report(case)
    (exhibit,) = report.exhibits()
    told = [exhibit.title, exhibit.failure, *exhibit.labels, *(note.text for note in exhibit.notes)]
    told += [fact.value for fact in exhibit.file] + [line.detail for line in report.audit()]

    assert not any("\N{RIGHT-TO-LEFT OVERRIDE}" in text or "\N{ZERO WIDTH SPACE}" in text for text in told)
    assert "⟨U+202E⟩" in exhibit.title
    assert exhibit.notes[0].text.startswith("line one\nline⟨U+200B⟩")


def test_a_path_that_is_no_text_can_be_told(case: Case) -> None:
    case.add_evidence(make_record(Path("/evidence/b\udcffd.jpg")))

    (exhibit,) = Report(case).exhibits()

    assert exhibit.title.encode("utf-8")


def test_exclusions_are_listed_by_name(case: Case) -> None:
    exclusions = Exclusions(reference_ids=frozenset({"b", "a"}), photographers=frozenset({"Željka"}))
    case.record_analysis(make_analysis(path=BEACH, exclusions=exclusions))

    (exhibit,) = Report(case).exhibits()

    assert exhibit.answer is not None
    assert {fact.name: fact.value for fact in exhibit.answer.exclusions} == {
        "Reference photos": "a, b",
        "Photographers": "Željka",
    }


def test_a_drawn_pack_makes_the_report_practice(case: Case) -> None:
    analysis = make_analysis(path=BEACH)
    drawn: Provenance = replace(analysis.provenance, pack_name="Practice world (synthetic)")
    case.record_analysis(replace(analysis, provenance=drawn))

    report = Report(case)
    (exhibit,) = report.exhibits()

    assert report.is_synthetic
    assert exhibit.answer is not None
    assert exhibit.answer.is_synthetic


def test_a_pack_of_photos_does_not(case: Case) -> None:
    case.record_analysis(make_analysis(path=BEACH))

    assert not Report(case).is_synthetic


def test_the_audit_trail_is_told_entry_by_entry(case: Case) -> None:
    number = case.add_evidence(make_record(BEACH))
    case.set_tags(number, ("street", "checked"))

    lines = list(Report(case).audit())

    assert [line.sequence for line in lines] == [1, 2, 3]
    assert lines[0].action == "case created"
    assert "/evidence/beach.jpg" in lines[1].detail
    assert "checked, street" in lines[2].detail
    assert [line.entry.entry_hash for line in lines][-1] == case.info().audit_hash


def test_exhibits_are_read_one_at_a_time(case: Case) -> None:
    """A report over a large case must not hold all of it: each exhibit is let go before the next is read."""
    for number in range(4):
        case.record_analysis(make_analysis(path=Path(f"/evidence/{number}.jpg")))
    exhibits = Report(case).exhibits()
    first = weakref.ref(only_analysis(next(exhibits)).estimate.weights)

    next(exhibits)
    gc.collect()

    assert first() is None


def only_analysis(exhibit: ExhibitReport) -> Analysis:
    assert exhibit.answer is not None
    return exhibit.answer.analysis


def test_the_work_can_be_stopped_between_exhibits(case: Case) -> None:
    for number in range(3):
        case.add_evidence(make_record(Path(f"/evidence/{number}.jpg")))
    told: list[Progress] = []

    def stop_at_second(progress: Progress) -> None:
        told.append(progress)
        if progress.done == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(Report(case, EVERYTHING).exhibits(stop_at_second))

    assert [(progress.done, progress.total) for progress in told] == [(0, 3), (1, 3)]


@pytest.mark.parametrize(
    "position", [ZAGREB, Position(0.0, -30.0), Position(-90.0, 0.0), Position(89.9, 180.0)]
)
def test_every_place_on_earth_can_be_told(case: Case, position: Position) -> None:
    case.record_analysis(make_analysis(position, path=BEACH))

    (exhibit,) = Report(case).exhibits()

    assert exhibit.answer is not None
    assert exhibit.answer.place
    assert exhibit.answer.exclusions == ()
    assert exhibit.earlier_analyses == 0
    assert exhibit.record is not None
    assert not isinstance(exhibit.record.exif.position, Unavailable)
