"""The command line from end to end on the practice world, with the real network and index."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import Demo

LEVELS = ["street", "city", "region", "country", "continent"]


def lines_of(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


@pytest.fixture(scope="session")
def analysed(demo: Demo) -> list[dict[str, Any]]:
    """Return the JSON lines of every practice query."""
    done = demo.run("analyse", demo.world / "query", "--reference", demo.pack, "--json")
    assert done.returncode == 1, done.stderr  # the planted damaged photo
    assert "damaged.jpg" in done.stderr
    return lines_of(done.stdout)


def test_the_demo_writes_its_results(demo: Demo) -> None:
    with (demo.output / "results.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 24
    failed = [row for row in rows if row["error_kind"]]
    assert [Path(row["file"]).name for row in failed if row["error_kind"] != ""] == ["damaged.jpg"]
    assert failed[0]["latitude"] == "not available"
    assert "synthetic" in demo.printed


def test_the_demo_is_much_better_than_chance(demo: Demo) -> None:
    """Copies are found; known places mostly are; even new places beat the best constant answer."""
    counts = {}
    for line in demo.printed.splitlines():
        for name in ("a re-shared copy of a reference", "a known place, looking elsewhere", "a place no"):
            if line.startswith(name):
                counts[name] = [int(text) for text in line.split()[-5:]]
    photos, _, at_200, _, _ = counts["a re-shared copy of a reference"]
    assert at_200 == photos
    photos, _, at_200, _, _ = counts["a known place, looking elsewhere"]
    assert at_200 >= photos / 2


def test_a_second_demo_draws_and_builds_nothing_again(demo: Demo, tmp_path: Path) -> None:
    manifest = (demo.pack / "manifest.json").stat().st_mtime_ns
    done = demo.run("demo", "--no-window", "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (demo.pack / "manifest.json").stat().st_mtime_ns == manifest
    assert "Describing photos" not in done.stderr


def test_every_line_holds_what_the_contract_says(analysed: list[dict[str, Any]]) -> None:
    assert len(analysed) == 24
    answered = [line for line in analysed if "error" not in line]
    assert len(answered) == 23
    for line in answered:
        assert set(line) == {
            *("file", "sha256", "analysis_id", "estimate", "levels", "regions", "neighbours", "exif"),
            *("search", "familiarity", "cells", "provenance"),
        }
        assert [level["level"] for level in line["levels"]] == LEVELS
        probabilities = [level["probability"] for level in line["levels"]]
        assert probabilities == sorted(probabilities)
        assert all(0.0 <= probability <= 1.0 for probability in probabilities)
        assert [region["mass"] for region in line["regions"]] == [0.5, 0.9]
        assert 0.0 < line["regions"][0]["area_km2"] < line["regions"][1]["area_km2"]
        assert [neighbour["rank"] for neighbour in line["neighbours"]] == list(range(1, 101))
        distances = [neighbour["distance"] for neighbour in line["neighbours"]]
        assert distances == sorted(distances)
        assert 0.0 <= distances[0] <= distances[-1] <= 2.0
    (error,) = [line for line in analysed if "error" in line]
    assert set(error["error"]) == {"kind", "message"}
    assert error["error"]["kind"] == "damaged"


def test_the_demo_and_analyse_agree(demo: Demo, analysed: list[dict[str, Any]]) -> None:
    with (demo.output / "results.csv").open(newline="", encoding="utf-8") as stream:
        ids = {Path(row["file"]).name: row["analysis_id"] for row in csv.DictReader(stream)}
    for line in analysed:
        if "error" not in line:
            assert ids[Path(line["file"]).name] == line["analysis_id"]


def test_planted_gps_is_reported_and_not_believed(analysed: list[dict[str, Any]]) -> None:
    (planted,) = [line for line in analysed if "planted-gps" in line["file"]]
    (without,) = [line for line in analysed if "no-gps" in line["file"]]
    assert planted["exif"]["distance_km"] > 2500
    assert without["exif"] is None


def test_parameters_reach_the_answer(demo: Demo) -> None:
    photo = demo.world / "query" / "copy-01.jpg"
    plain = lines_of(demo.run("analyse", photo, "--reference", demo.pack, "--json").stdout)[0]
    arguments = ("--neighbours", "7", "--exponent", "3", "--bandwidth-deg", "1", "--estimator", "nearest")
    other = lines_of(demo.run("analyse", photo, "--reference", demo.pack, "--json", *arguments).stdout)[0]
    assert len(other["neighbours"]) == 7
    assert other["estimate"] == {key: other["neighbours"][0][key] for key in ("latitude", "longitude")}
    assert other["analysis_id"] != plain["analysis_id"]
    assert other["provenance"]["parameters"]["exponent"] == 3.0


def test_excluded_ids_do_not_come_back(demo: Demo, tmp_path: Path) -> None:
    photo = demo.world / "query" / "copy-01.jpg"
    first = lines_of(demo.run("analyse", photo, "--reference", demo.pack, "--json").stdout)[0]
    ids = [neighbour["reference_id"] for neighbour in first["neighbours"][:3]]
    (tmp_path / "ids.txt").write_text("\n".join(ids))
    done = demo.run("analyse", photo, "--reference", demo.pack, "--json", "--exclude", tmp_path / "ids.txt")
    found = [neighbour["reference_id"] for neighbour in lines_of(done.stdout)[0]["neighbours"]]
    assert len(found) == 100
    assert set(found).isdisjoint(ids)


def test_a_case_is_made_filled_described_and_verified(demo: Demo, tmp_path: Path) -> None:
    case = tmp_path / "kept.gldcase"
    photos = [demo.world / "query" / name for name in ("copy-01.jpg", "new-place-01.jpg")]
    done = demo.run("analyse", *photos, "--reference", demo.pack, "--case", case)
    assert done.returncode == 0, done.stderr
    info = json.loads(demo.run("case", "info", case, "--json").stdout)
    assert (info["exhibits"], info["analysed"], info["failed"]) == (2, 2, 0)
    verified = demo.run("verify", case, "--json")
    assert verified.returncode == 0, verified.stdout
    verdicts = [row["verdict"] for row in lines_of(verified.stdout)]
    assert verdicts.count("agrees") == 4  # the trail, the stored data and two answers
    assert {row["difference_m"] for row in lines_of(verified.stdout)} <= {None, 0.0}


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["analyse", "{world}/query/copy-01.jpg", "--reference", "{world}"], 1, "not a reference pack"),
        (["analyse", "{empty}", "--reference", "{pack}"], 2, "no photo"),
        (["reference", "build", "{world}/references.csv", "--out", "{pack}"], 1, "already"),
        (["reference", "verify", "{world}"], 1, "not a reference pack"),
        (["case", "info", "{world}/references.csv"], 1, "references.csv"),
        (["evaluate", "--reference", "{pack}", "--queries", "{world}/absent.csv"], 1, "absent.csv"),
        (
            ["evaluate", "--reference", "{pack}", "--queries", "{world}/queries.csv", "--methods", "magic"],
            2,
            "magic",
        ),
    ],
)
def test_what_goes_wrong_is_said_in_one_line(
    demo: Demo, tmp_path: Path, arguments: list[str], code: int, reason: str
) -> None:
    places = {"world": demo.world, "pack": demo.pack, "empty": tmp_path}
    done = demo.run(*(argument.format(**places) for argument in arguments))
    assert done.returncode == code
    assert done.stderr.startswith("geolocdesk: ")
    assert reason in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_evaluating_the_practice_queries(demo: Demo, tmp_path: Path) -> None:
    table, plot = tmp_path / "table.csv", tmp_path / "plot.png"
    curve, predictions = tmp_path / "curve.svg", tmp_path / "predictions.csv"
    done = demo.run(
        *("evaluate", "--reference", demo.pack, "--queries", demo.world / "queries.csv", "--json"),
        *("--table", table, "--plot", plot, "--curve", curve, "--predictions", predictions, "--by-continent"),
    )
    assert done.returncode == 0, done.stderr
    value = json.loads(done.stdout)
    assert value["levels_km"] == [1, 25, 200, 750, 2500]
    by_name = {method["method"]: method for method in value["methods"]}
    assert list(by_name) == [
        *("london", "constant", "random", "nearest", "knn-1", "knn-4", "knn-16", "vo2017", "levels")
    ]
    for method in by_name.values():
        assert method["queries"] == 23
        if method["method"] != "constant":  # another place at each level, chosen on other photos
            assert method["accuracy_percent"] == sorted(method["accuracy_percent"])
        for percent, (low, high) in zip(method["accuracy_percent"], method["interval_percent"], strict=True):
            assert low <= percent <= high
    assert by_name["nearest"]["accuracy_percent"][4] > by_name["london"]["accuracy_percent"][4] + 20
    with table.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["method"] for row in rows if row["source"] == "measured"] == list(by_name)
    assert {row["source"] for row in rows} == {"measured", "published"}
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert curve.read_bytes().startswith(b"<?xml")
    with predictions.open(newline="", encoding="utf-8") as stream:
        assert len(list(csv.DictReader(stream))) == 23 * (7 + 5 + 5)
    assert sum(found["queries"] for found in value["continents"]) == 23 * 9


def test_a_table_of_references_is_split_by_where(demo: Demo) -> None:
    table = demo.world / "references.csv"
    done = demo.run(
        *("evaluate", "--reference", table, "--where", "view=0", "--queries", table, "--where", "view=1"),
        *("--methods", "nearest,london", "--json"),
    )
    assert done.returncode == 0, done.stderr
    value = json.loads(done.stdout)
    with table.open(newline="", encoding="utf-8") as stream:
        views = [row["view"] for row in csv.DictReader(stream)]
    assert value["references"] == views.count("0")
    assert value["methods"][0]["queries"] == views.count("1")


def test_info_and_verify_of_the_practice_pack(demo: Demo) -> None:
    value = json.loads(demo.run("reference", "info", demo.pack, "--json").stdout)
    assert value["synthetic"] is True
    assert value["counts"]["rejected"] == 0
    done = demo.run("reference", "verify", demo.pack)
    assert done.returncode == 0, done.stderr
    again = json.loads(demo.run("reference", "info", demo.pack, "--json").stdout)
    assert again["last_verified"] != "not available"
    assert again["pack_id"] == value["pack_id"]


def test_the_practice_answers_are_calibrated_and_say_on_what(demo: Demo) -> None:
    done = demo.run("analyse", demo.world / "query" / "new-place-01.jpg", "--reference", demo.pack, "--json")
    value = json.loads(done.stdout)
    assert all(level["calibrated"] for level in value["levels"])
    assert "synthetic" in value["levels"][0]["calibration"]["source"]
    assert value["levels"][0]["calibration"]["photos"] > 300
    probabilities = [level["probability"] for level in value["levels"]]
    assert probabilities == sorted(probabilities)
    assert value["familiarity"]["unfamiliar"] is False
    assert len(value["provenance"]["calibration_sha256"]) == 64


def test_calibrating_on_photos_the_pack_does_not_know(demo: Demo, tmp_path: Path) -> None:
    pack, plot = tmp_path / "pack", tmp_path / "reliability.png"
    shutil.copytree(demo.pack, pack)
    own = demo.world / "references.csv"
    refused = demo.run("calibrate", "--reference", pack, "--queries", own)
    assert refused.returncode == 1
    assert "the very photo is in the pack" in refused.stderr
    done = demo.run(
        *("calibrate", "--reference", pack, "--queries", own, "--where", "kind=original", "--json"),
        *("--exclude-same", "place", "--estimator", "nearest", "--neighbours", "20", "--plot", plot),
    )
    assert done.returncode == 0, done.stderr
    value = json.loads(done.stdout)
    assert (value["photos"], value["places"]) == (360, 120)
    (fitted,) = value["calibrations"]
    for before, after in zip(fitted["before"], fitted["after"], strict=True):
        assert 0.0 <= after["expected_calibration_error"] <= 1.0
        assert before["photos"] == after["photos"] == 360
    assert plot.read_bytes().startswith(b"\x89PNG")
    options = ("--reference", pack, "--estimator", "nearest", "--json")
    photo = demo.world / "query" / "new-place-01.jpg"
    levels = [
        json.loads(demo.run("analyse", photo, *options, "--neighbours", str(count)).stdout)["levels"]
        for count in (20, 21)
    ]
    assert [found[0]["calibrated"] for found in levels] == [True, False]
