"""The PDF, read back by another library."""

import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from geolocdesk.casefile.case import Case
from geolocdesk.casefile.opening import create_case, read_case
from geolocdesk.errors import OutputError
from geolocdesk.evidence.record import ExifTag
from geolocdesk.geodesy import Position
from geolocdesk.progress import Cancelled, Progress
from geolocdesk.reporting.pdf import PRACTICE_WARNING, write_pdf
from geolocdesk.reporting.report import ReportContents
from tests.doubles.analyses import FIJI, NORTH_POLE, make_analysis, make_failure, make_picture
from tests.doubles.cases import DETAILS, ticking_clock

BEACH = Path("/evidence/beach.jpg")
BRIEF = ReportContents(method=False, audit=False)


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    path = tmp_path / "zagreb.gldcase"
    with create_case(path, DETAILS, actor="A. Kovač", clock=ticking_clock()) as made:
        yield made


@pytest.fixture
def full_case(case: Case) -> Case:
    """Return a case with an answer, a failure, a note and pictures."""
    analysis = make_analysis(path=BEACH)
    number = case.add_evidence(analysis.evidence, make_picture())
    rows = [item.reference.row for item in analysis.neighbours.items[:3]]
    case.record_analysis(
        analysis,
        neighbour_thumbnail=lambda _pack_id, row: make_picture(row, 160, 120) if row in rows else None,
    )
    case.record_failure(make_failure())
    case.add_note("The balconies do not match.", number)
    return case


def written(case: Case, tmp_path: Path, contents: ReportContents = BRIEF) -> PdfReader:
    path = tmp_path / "report.pdf"
    write_pdf(case, path, contents=contents)
    return PdfReader(io.BytesIO(path.read_bytes()))


def text_of(reader: PdfReader) -> str:
    """Return all text with every run of white space as one space."""
    joined = " ".join(page.extract_text() for page in reader.pages)
    return " ".join(joined.replace("\N{NO-BREAK SPACE}", " ").split())


def test_everything_a_reader_needs_is_in_the_text(full_case: Case, tmp_path: Path) -> None:
    text = text_of(written(full_case, tmp_path, ReportContents()))

    for wanted in (
        "Missing person, Zagreb",
        "2025/117",
        "A. Kovač",
        "Police Zagreb",
        "It is no proof of where a photo was taken",
        "Exhibit 1: beach.jpg",
        "Investigative lead",
        "45.813100, 15.977200",
        "calibrated on 1,830 photos",
        "Untrusted: anybody can change what a file says about itself",
        "CC BY-SA 4.0",
        "山田太郎",
        "The balconies do not match.",
        "Could not be analysed",
        "/evidence/broken.jpg is damaged. Ask for another copy of it.",
        "Published by others, not measured by this program",
        "Audit trail",
    ):
        assert wanted in text
    assert full_case.info().audit_hash in text.replace(" ", "")
    assert make_analysis(path=BEACH).evidence.sha256 in text


def test_the_same_case_gives_the_same_bytes(full_case: Case, tmp_path: Path) -> None:
    first, second = tmp_path / "first.pdf", tmp_path / "second.pdf"
    write_pdf(full_case, first)
    # another process: other ids, other hash seeds, another order of whatever has none, another date
    code = (
        "import sys; from pathlib import Path; from geolocdesk.casefile.opening import read_case; "
        "from geolocdesk.reporting.pdf import write_pdf\n"
        "with read_case(Path(sys.argv[1])) as case: write_pdf(case, Path(sys.argv[2]))"
    )
    copy = tmp_path / "elsewhere" / "copy.gldcase"
    copy.parent.mkdir()
    copy.write_bytes(full_case.path.read_bytes())
    environment = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": "1", "PATH": ""}
    subprocess.run([sys.executable, "-c", code, copy, second], check=True, env=environment)

    assert first.read_bytes() == second.read_bytes()


def titles_of(outline: Any) -> list[Any]:  # noqa: ANN401 - pypdf nests lists in lists
    return [titles_of(entry) if isinstance(entry, list) else entry.title for entry in outline]


def test_pages_are_numbered_and_bookmarked(full_case: Case, tmp_path: Path) -> None:
    reader = written(full_case, tmp_path, ReportContents())
    total = len(reader.pages)
    assert total > 4

    for number, page in enumerate(reader.pages, start=1):
        assert f"Page {number} of {total}" in " ".join(page.extract_text().split())
    titles = titles_of(reader.outline)
    assert titles == [
        "Title page",
        "Summary",
        "Exhibits",
        ["Exhibit 1: beach.jpg", "Exhibit 2: broken.jpg"],
        "Method, limits and error rates",
        "Audit trail",
    ]


def test_the_metadata_name_the_case_and_its_date(full_case: Case, tmp_path: Path) -> None:
    metadata = written(full_case, tmp_path).metadata

    assert metadata is not None
    assert metadata.title == "Photo geolocation report: Missing person, Zagreb"
    assert metadata.author == "A. Kovač, Police Zagreb"
    assert metadata.creation_date is not None
    changed = full_case.info().changed_at
    assert metadata.creation_date.strftime("%Y-%m-%dT%H:%M:%S") == changed[:19]


def test_every_font_is_embedded(full_case: Case, tmp_path: Path) -> None:
    reader = written(full_case, tmp_path, ReportContents())
    pages: list[Any] = list(reader.pages)
    found = [font.get_object() for page in pages for font in page["/Resources"]["/Font"].values()]
    fonts = {font["/BaseFont"]: font for font in found}

    assert any("Inter" in name for name in fonts)
    assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts.values()), sorted(fonts)


def test_photos_are_embedded_as_they_are_and_once(case: Case, tmp_path: Path) -> None:
    picture = make_picture()
    for name in ("a.jpg", "b.jpg"):
        case.add_evidence(make_analysis(path=Path(f"/evidence/{name}")).evidence, picture)

    content = (tmp_path / "report.pdf", written(case, tmp_path))[0].read_bytes()

    assert content.count(picture) == 1


def test_a_damaged_picture_is_said_to_be(case: Case, tmp_path: Path) -> None:
    case.add_evidence(make_analysis(path=BEACH).evidence, b"no JPEG at all")

    assert "Picture of the photo: unreadable." in text_of(written(case, tmp_path))


def test_the_photo_can_be_left_out(full_case: Case, tmp_path: Path) -> None:
    contents = replace(BRIEF, photos=False, neighbour_photos=False)
    reader = written(full_case, tmp_path, contents)

    assert "left out of this report on request" in text_of(reader)
    assert not any(page.images for page in reader.pages)


@pytest.mark.parametrize(
    "name",
    ["東京の写真", "Москва", "Ωμέγα", "Đặng Thị", "שלום", "Łódź ŞİĞ", "서울 사진", "ⵜⴰⵎⴰⵣⵉⵖⵜ"],
)
def test_names_in_other_scripts_can_be_searched(case: Case, tmp_path: Path, name: str) -> None:
    case.record_analysis(make_analysis(path=Path(f"/evidence/{name}.jpg")))

    text = text_of(written(case, tmp_path, replace(BRIEF, maps=False)))

    assert name in text or name[::-1] in text


def test_letters_no_font_has_are_spelled_out(case: Case, tmp_path: Path) -> None:
    case.record_failure(make_failure(Path("/evidence/हि\N{EGYPTIAN HIEROGLYPH A001}.jpg")))

    text = text_of(written(case, tmp_path))

    assert "⟨U+0939⟩" in text
    assert "⟨U+13000⟩" in text


def test_markup_in_a_files_own_words_stays_text(case: Case, tmp_path: Path) -> None:
    analysis = make_analysis(path=Path('/evidence/<b>&amp;"x.jpg'))
    tag = ExifTag("Image Artist", "</para><img src='x'/> & <font size=99>")
    exif = replace(analysis.evidence.exif, tags=(tag,))
    case.record_analysis(replace(analysis, evidence=replace(analysis.evidence, exif=exif)))

    text = text_of(written(case, tmp_path, replace(BRIEF, maps=False)))

    assert '<b>&amp;"x.jpg' in text
    assert "</para><img src='x'/> & <font size=99>" in text


def test_a_drawn_pack_is_labelled_on_every_page(case: Case, tmp_path: Path) -> None:
    analysis = make_analysis(path=BEACH)
    drawn = replace(analysis.provenance, pack_name="Practice world (synthetic)")
    case.record_analysis(replace(analysis, provenance=drawn))

    reader = written(case, tmp_path, ReportContents())

    assert all(PRACTICE_WARNING in page.extract_text() for page in reader.pages)


def test_a_case_of_real_photos_is_not(full_case: Case, tmp_path: Path) -> None:
    assert "PRACTICE" not in text_of(written(full_case, tmp_path))


@pytest.mark.parametrize("position", [FIJI, NORTH_POLE, Position(-89.0, 10.0)])
def test_maps_are_drawn_anywhere(case: Case, tmp_path: Path, position: Position) -> None:
    case.record_analysis(make_analysis(position, path=BEACH))

    assert "Map at two scales" in text_of(written(case, tmp_path))


def test_an_empty_case_gives_a_report(case: Case, tmp_path: Path) -> None:
    assert "The case holds no exhibits." in text_of(written(case, tmp_path))


def test_a_very_long_note_and_name_are_laid_out(case: Case, tmp_path: Path) -> None:
    number = case.record_failure(make_failure(Path(f"/evidence/{'x' * 240}.jpg")))
    case.add_note("word " * 4000, number)

    assert text_of(written(case, tmp_path)).count("word") == 4000


def test_stopping_leaves_nothing_behind(full_case: Case, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.done == 1:
            raise Cancelled

    path = tmp_path / "out" / "report.pdf"
    path.parent.mkdir()
    with pytest.raises(Cancelled):
        write_pdf(full_case, path, progress=stop)

    assert list(path.parent.iterdir()) == []


def test_an_earlier_report_outlives_a_stopped_one(full_case: Case, tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(b"the earlier one")

    def stop(progress: Progress) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        write_pdf(full_case, path, progress=stop)
    assert path.read_bytes() == b"the earlier one"


def test_a_folder_that_is_not_there_is_named(full_case: Case, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="nowhere"):
        write_pdf(full_case, tmp_path / "nowhere" / "report.pdf")


def test_writing_a_report_changes_nothing_in_the_case(full_case: Case, tmp_path: Path) -> None:
    before = full_case.info().audit_hash
    with read_case(full_case.path) as reader:
        write_pdf(reader, tmp_path / "report.pdf", contents=BRIEF)

    assert full_case.info().audit_hash == before
