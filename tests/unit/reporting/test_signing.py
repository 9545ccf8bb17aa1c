import sys
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from geolocdesk.errors import OutputError, UsageError
from geolocdesk.reporting.signing import FIELD_NAME, check_signatures, sign_pdf
from tests.doubles.keys import PASSWORD, make_key


@pytest.fixture(scope="module")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with ``key.p12`` and its certificate ``root.pem``, signed by itself."""
    folder = tmp_path_factory.mktemp("key")
    make_key(folder)
    return folder


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    path = tmp_path / "report.pdf"
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.add_metadata({"/Title": "A report"})
    writer.write(path)
    return path


@pytest.fixture
def signed(pdf: Path, key_folder: Path) -> Path:
    path = pdf.with_name("signed.pdf")
    sign_pdf(pdf, path, key_folder / "key.p12", PASSWORD, reason="Report of case 1")
    return path


def test_a_signed_report_is_whole_and_names_its_signer(signed: Path, key_folder: Path) -> None:
    (check,) = check_signatures(signed, [key_folder / "root.pem"])

    assert (check.is_unchanged, check.covers_file, check.is_trusted) == (True, True, True)
    assert "A. Kovač, examiner" in check.signer
    assert check.sentence.startswith("Unchanged since Common Name: A. Kovač, examiner signed it (20")


def test_poppler_or_pypdf_sees_the_signature_too(signed: Path, pdf: Path) -> None:
    reader = PdfReader(signed)
    fields = reader.get_fields() or {}

    assert fields[FIELD_NAME]["/FT"] == "/Sig"
    assert reader.metadata is not None
    assert reader.metadata.title == "A report"
    assert signed.read_bytes().startswith(pdf.read_bytes())


def test_a_certificate_nobody_named_is_not_trusted(signed: Path) -> None:
    (check,) = check_signatures(signed)

    assert (check.is_unchanged, check.is_trusted) == (True, False)
    assert check.sentence.endswith("not backed by a root you named.")


def test_an_altered_report_is_found(signed: Path) -> None:
    content = bytearray(signed.read_bytes())
    content[content.index(b"A report")] ^= 1
    signed.write_bytes(content)

    (check,) = check_signatures(signed)

    assert not check.is_unchanged
    assert "altered" in check.sentence


def test_what_was_added_after_signing_is_found(signed: Path) -> None:
    writer = PdfWriter(signed, incremental=True)
    writer.add_metadata({"/Title": "Another report"})
    later = signed.with_name("later.pdf")
    writer.write(later)

    (check,) = check_signatures(later)

    assert not check.covers_file
    assert "added since" in check.sentence


def test_an_unsigned_report_has_no_signature(pdf: Path) -> None:
    assert check_signatures(pdf) == ()


def test_a_report_is_signed_in_place(pdf: Path, key_folder: Path) -> None:
    sign_pdf(pdf, pdf, key_folder / "key.p12", PASSWORD, reason="Report")

    assert check_signatures(pdf)[0].is_unchanged


def test_keys_that_cannot_be_used_are_named(pdf: Path, key_folder: Path) -> None:
    target = pdf.with_name("signed.pdf")
    with pytest.raises(UsageError, match="password is wrong"):
        sign_pdf(pdf, target, key_folder / "key.p12", "wrong", reason="x")
    with pytest.raises(UsageError, match="not a PKCS#12 file"):
        sign_pdf(pdf, target, pdf, PASSWORD, reason="x")
    with pytest.raises(UsageError, match="no such file"):
        sign_pdf(pdf, target, pdf.with_name("none.p12"), PASSWORD, reason="x")
    assert not target.exists()


def test_files_that_are_no_pdf_or_certificate_are_named(pdf: Path, key_folder: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.pdf"
    text.write_text("not a PDF")
    with pytest.raises(UsageError, match="cannot be signed"):
        sign_pdf(text, tmp_path / "signed.pdf", key_folder / "key.p12", PASSWORD, reason="x")
    with pytest.raises(UsageError, match="cannot be read as a PDF"):
        check_signatures(text)
    with pytest.raises(UsageError, match="cannot be read"):
        check_signatures(tmp_path / "missing.pdf")
    with pytest.raises(UsageError, match="cannot be read"):
        sign_pdf(tmp_path / "missing.pdf", pdf, key_folder / "key.p12", PASSWORD, reason="x")
    with pytest.raises(UsageError, match=r"certificate .* cannot be read"):
        check_signatures(pdf, [text])


def test_a_folder_that_cannot_be_written_to_is_named(pdf: Path, key_folder: Path) -> None:
    with pytest.raises(OutputError, match="could not be written"):
        sign_pdf(pdf, pdf / "below.pdf", key_folder / "key.p12", PASSWORD, reason="x")


def test_without_pyhanko_one_is_told_how_to_get_it(pdf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyhanko.pdf_utils.reader", None)

    with pytest.raises(UsageError, match=r"geolocdesk\[signing\]"):
        check_signatures(pdf)
