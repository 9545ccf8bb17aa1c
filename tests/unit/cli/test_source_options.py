"""Options that name a source and who describes it."""

import argparse
from pathlib import Path

import pytest

from geolocdesk.cli.commands import build_parser
from geolocdesk.cli.source_options import FORMATS_TEXT, described_source_of, source_of, workers_of
from geolocdesk.errors import SourceError, UsageError
from geolocdesk.progress import Progress, ignore_progress
from geolocdesk.reference.sources import DESCRIBED_FORMATS, FORMATS
from tests.unit.reference.sources.photos import jpeg


def parsed(*arguments: str | Path) -> argparse.Namespace:
    return build_parser().parse_args(["reference", "build", *map(str, arguments), "--out", "pack"])


def test_the_help_names_every_format() -> None:
    named = {
        line.split()[0] for line in FORMATS_TEXT.splitlines() if line.startswith("  ") and line[2] != " "
    }
    assert named == {*FORMATS, *DESCRIBED_FORMATS} - {"auto"}


def test_build_and_append_take_the_same_source(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(jpeg(1))
    for verb in (["build", str(tmp_path), "--out", "pack"], ["append", "pack", str(tmp_path)]):
        options = build_parser().parse_args(["reference", *verb, "--format", "folder"])
        heard: list[Progress] = []
        assert source_of(options, heard.append).count() == 1
        assert heard[-1] == Progress("Reading the source", 1, None)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--cluster", "somewhere"), "--cluster takes local"),
        (("--pictures", "x"), "--pictures works on"),
        (("--where", "a=b"), "no columns"),
        (("--format", "parquet"), "is not known"),
    ],
)
def test_options_that_make_no_sense_are_wrong_usage(
    tmp_path: Path, arguments: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        source_of(parsed(tmp_path, *arguments), ignore_progress)


@pytest.mark.parametrize("arguments", [("--cluster", "local"), ("--pictures", "x")])
def test_descriptors_need_no_describing(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    options = parsed(tmp_path, "--format", "im2gps-mat", *arguments)
    with pytest.raises(UsageError, match="has no photos"):
        described_source_of(options)


def test_every_worker_of_a_cluster_decodes_once_unless_told_otherwise() -> None:
    assert workers_of(parsed("x", "--cluster", "local")) == 1
    assert workers_of(parsed("x", "--cluster", "local", "--workers", "3")) == 3
    assert workers_of(parsed("x")) >= 1


def test_descriptors_can_be_appended_without_naming_a_model(tmp_path: Path) -> None:
    options = build_parser().parse_args(
        ["reference", "append", "pack", str(tmp_path), "--format", "im2gps-mat"]
    )
    with pytest.raises(SourceError, match=r"no \.mat file"):
        described_source_of(options)
