"""Changing a pack on the command line, with the real network and index."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.end_to_end.conftest import Demo


@pytest.fixture
def pack(demo: Demo, tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo.pack, tmp_path / "pack"))


def ran(demo: Demo, *arguments: str | Path, code: int = 0) -> tuple[dict[str, Any], str]:
    """Return the JSON document of a command that ends with this exit code, and its messages."""
    done = demo.run("reference", *arguments, "--json")
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout), done.stderr


def _first_reference(demo: Demo) -> dict[str, str]:
    with (demo.world / "references.csv").open(newline="") as stream:
        return next(csv.DictReader(stream))


def test_the_practice_world_s_copies_are_found(demo: Demo) -> None:
    with (demo.pack / "duplicates.csv").open(newline="") as stream:
        pairs = [(row["reference_id"], row["duplicate_of"]) for row in csv.DictReader(stream)]
    right = [pair for pair in pairs if len({name.removesuffix("-copy") for name in pair}) == 1]
    with (demo.world / "references.csv").open(newline="") as stream:
        copies = [row["id"] for row in csv.DictReader(stream) if row["id"].endswith("-copy")]
    assert len(right) >= 0.75 * len(copies) >= 8
    # drawn views can differ by less than a copy does
    assert len(pairs) - len(right) <= 3


def test_copies_of_what_a_pack_has_are_left_out_on_request(demo: Demo, pack: Path, tmp_path: Path) -> None:
    table = tmp_path / "copies.csv"
    lines = ["file,latitude,longitude"]
    with (demo.world / "references.csv").open(newline="") as stream:
        for number, row in enumerate(list(csv.DictReader(stream))[:6]):
            with Image.open(demo.world / row["file"]) as photo:
                smaller = photo.resize((round(photo.width * 0.85), round(photo.height * 0.85)))
            smaller.save(tmp_path / f"{number}.jpg", quality=75)
            lines.append(f"{number}.jpg,{row['latitude']},{row['longitude']}")
    table.write_text("\n".join(lines) + "\n")
    appended, messages = ran(demo, "append", pack, table, "--drop-duplicates")
    assert appended["duplicates"] == appended["left_out"] == 6
    assert appended["added"] == 0
    assert "are copies of others" in messages


def test_a_pack_grows_shrinks_and_is_joined(demo: Demo, pack: Path, tmp_path: Path) -> None:
    table = demo.world / "references.csv"
    with table.open(newline="") as stream:
        ids = [row["id"] for row in csv.DictReader(stream)]
    first, second = ids[0], ids[-1]
    (tmp_path / "ids.txt").write_text(f"{first}\n{second}\nnobody\n")

    removed, messages = ran(demo, "remove", pack, tmp_path / "ids.txt", code=1)
    assert (removed["removed"], removed["references"]) == (2, len(ids) - 2)
    assert "nobody: no reference of the pack has this id" in messages

    appended, messages = ran(demo, "append", pack, table)
    assert (appended["added"], appended["already_there"]) == (2, len(ids) - 2)
    assert appended["references"] == len(ids)
    assert "Describing photos" in messages

    compacted, _ = ran(demo, "compact", pack)
    assert (compacted["segments_joined"], compacted["erased"]) == (2, 2)
    history, _ = ran(demo, "info", pack)
    assert [entry["action"] for entry in history["history"]] == ["built", "removed", "appended", "compacted"]
    assert ran(demo, "verify", pack)[0]["intact"] is True

    merged, _ = ran(demo, "merge", demo.pack, pack, "--out", tmp_path / "both")
    assert (merged["references"], merged["same_photos"], merged["renamed"]) == (len(ids), len(ids), 0)


def test_a_reference_asked_about_itself_is_found_unless_its_copies_are_left_out(
    demo: Demo, tmp_path: Path
) -> None:
    row = _first_reference(demo)
    photo = demo.world / row["file"]
    ask = ("analyse", photo, "--reference", demo.pack, "--json", "--neighbours", "5")
    found = json.loads(demo.run(*ask).stdout)
    assert (found["neighbours"][0]["reference_id"], found["neighbours"][0]["distance"]) == (row["id"], 0.0)
    assert found["search"] == {
        "wanted": 5,
        "found": 5,
        "eligible": found["search"]["eligible"],
        "copies_passed_over": 0,
    }
    without = json.loads(demo.run(*ask, "--exclude-own-copies").stdout)
    assert row["id"] not in [item["reference_id"] for item in without["neighbours"]]
    passed_over = without["search"]["copies_passed_over"]
    assert passed_over >= 1
    assert without["search"]["eligible"] == found["search"]["eligible"] - passed_over
    assert without["provenance"]["parameters"]["exclusions"]["own_copies"] is True

    nowhere = demo.run(*ask, "--country", "aq")
    assert nowhere.returncode == 1
    assert "No reference of the pack" in nowhere.stderr
    assert demo.run(*ask, "--country", "Croatia").returncode == 2


def test_a_case_says_what_was_done_to_its_pack_since(demo: Demo, pack: Path, tmp_path: Path) -> None:
    photo = next((demo.world / "query").glob("*.jpg"))
    case = tmp_path / "my.gldcase"
    assert demo.run("analyse", photo, "--reference", pack, "--case", case).returncode == 0
    (tmp_path / "ids.txt").write_text(f"{_first_reference(demo)['id']}\n")
    ran(demo, "remove", pack, tmp_path / "ids.txt")
    done = demo.run("verify", case)
    assert done.returncode == 1
    assert "has been changed since this analysis (removed on " in done.stdout
    assert demo.run("verify", case, "--reference", demo.pack).returncode == 0
