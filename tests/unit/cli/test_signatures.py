"""Signing a report, and ``geolocdesk verify`` of a signed one."""

import json
from pathlib import Path

import pytest

from geolocdesk.casefile.opening import create_case
from geolocdesk.cli.commands import run
from tests.doubles.analyses import make_failure
from tests.doubles.cases import DETAILS, ticking_clock
from tests.doubles.keys import PASSWORD, make_key


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a case, a key, its password and a signed report."""
    folder = tmp_path_factory.mktemp("signed")
    make_key(folder)
    (folder / "password.txt").write_text(f"{PASSWORD}\n", encoding="utf-8")
    with create_case(folder / "case.gldcase", DETAILS, actor="A. Kovač", clock=ticking_clock()) as case:
        case.record_failure(make_failure())
    assert run(signing(folder, "signed.pdf")) == 0
    return folder


def signing(folder: Path, name: str) -> list[str]:
    key, password = folder / "key.p12", folder / "password.txt"
    return [
        "report",
        str(folder / "case.gldcase"),
        *("--pdf", str(folder / name)),
        *("--sign", str(key)),
        *("--password-file", str(password)),
    ]


def test_a_signed_report_is_verified(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", str(folder / "signed.pdf"), "--root", str(folder / "root.pem"), "--json"]) == 0

    check = json.loads(capsys.readouterr().out)
    assert (check["is_unchanged"], check["covers_file"], check["is_trusted"]) == (True, True, True)
    assert "A. Kovač" in check["signer"]


def test_an_altered_report_is_not(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = bytearray((folder / "signed.pdf").read_bytes())
    content[len(content) // 3] ^= 1
    (folder / "altered.pdf").write_bytes(content)

    assert run(["verify", str(folder / "altered.pdf")]) == 1
    assert "altered" in capsys.readouterr().out


def test_an_unsigned_report_is_said_to_be_unsigned(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = folder / "plain.pdf"
    assert run(["report", str(folder / "case.gldcase"), "--pdf", str(plain)]) == 0

    assert run(["verify", str(plain)]) == 1
    assert "is not signed" in capsys.readouterr().err


def test_what_is_missing_for_a_signature_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = signing(folder, "unsigned.pdf")

    assert run([*arguments[:4], "--sign", str(folder / "none.p12"), *arguments[6:]]) == 2
    assert "no such file" in capsys.readouterr().err
    assert run([*arguments[:6], "--password-file", str(folder / "none.txt")]) == 2
    assert "password file" in capsys.readouterr().err
    assert run([arguments[0], arguments[1], "--csv", str(folder / "x.csv"), *arguments[4:]]) == 2
    assert "--pdf" in capsys.readouterr().err


def test_without_a_terminal_the_password_comes_from_a_file(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)

    assert run(signing(folder, "unsigned.pdf")[:6]) == 2
    assert "--password-file" in capsys.readouterr().err


def test_on_a_terminal_the_password_is_asked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geolocdesk.cli.signatures.sys.stdin", _Terminal())
    monkeypatch.setattr("geolocdesk.cli.signatures.getpass.getpass", lambda _prompt: PASSWORD)

    assert run(signing(folder, "asked.pdf")[:6]) == 0
    assert run(["verify", str(folder / "asked.pdf")]) == 0


class _Terminal:
    def isatty(self) -> bool:
        return True
