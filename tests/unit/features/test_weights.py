import hashlib
from pathlib import Path

import pytest

from geolocdesk.errors import ModelError
from geolocdesk.features.weights import WeightsSource, weights_at
from geolocdesk.provenance import JsonValue


def test_a_file_is_named_by_its_full_path_and_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "net.pth").write_bytes(b"weights")
    monkeypatch.chdir(tmp_path)
    source = weights_at(Path("net.pth"))
    assert source.locate() == tmp_path / "net.pth"
    assert source.sha256 == hashlib.sha256(b"weights").hexdigest()
    assert source.read() == b"weights"


def test_a_changed_file_is_refused_with_both_hashes(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    path.write_bytes(b"weights")
    source = weights_at(path)
    path.write_bytes(b"weights!")
    changed = hashlib.sha256(b"weights!").hexdigest()
    with pytest.raises(ModelError, match=rf"SHA-256 is {changed}, not {source.sha256}"):
        source.read()


def test_the_same_file_elsewhere_is_taken(tmp_path: Path) -> None:
    (tmp_path / "new.pth").write_bytes(b"weights")
    source = WeightsSource("/gone/net.pth", hashlib.sha256(b"weights").hexdigest())
    assert source.moved_to(tmp_path / "new.pth").read() == b"weights"


@pytest.mark.parametrize("name", ["absent.pth", "."])
def test_a_missing_file_or_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match=r"cannot be read|no weights file"):
        weights_at(tmp_path / name)


def test_a_missing_package_is_named_with_what_to_install() -> None:
    source = WeightsSource("w.pth", "0" * 64, package="no_such_package", distribution="no-such==1.0")
    with pytest.raises(ModelError, match=r"install the Python package no-such==1\.0"):
        source.read()


def test_a_file_in_a_package_is_found_without_importing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "package_of_weights"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "models" / "w.pth").write_bytes(b"weights")
    monkeypatch.syspath_prepend(str(tmp_path))
    digest = hashlib.sha256(b"weights").hexdigest()
    assert WeightsSource("models/w.pth", digest, package="package_of_weights").read() == b"weights"


@pytest.mark.parametrize(
    "source",
    [
        WeightsSource("/a/b.pth", "1" * 64),
        WeightsSource("m/b.pth", "1" * 64, package="p", distribution="p==1"),
    ],
)
def test_a_source_survives_json(source: WeightsSource) -> None:
    assert WeightsSource.from_json(source.to_json()) == source


@pytest.mark.parametrize(
    ("path", "package"),
    [
        (r"\\host\share\net.pth", None),
        ("//host/share/net.pth", None),
        ("../net.pth", "numpy"),
        ("/etc/passwd", "numpy"),
    ],
)
def test_a_path_that_leads_away_is_refused(path: str, package: str | None) -> None:
    value: dict[str, JsonValue] = {"path": path, "sha256": "0" * 64, "package": package, "distribution": None}
    with pytest.raises(ModelError, match=r"network folder|leads out"):
        WeightsSource.from_json(value)
