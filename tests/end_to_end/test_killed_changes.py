"""Appending, merging, removing and compacting, killed at random moments: the pack always works afterwards.

``GEOLOCDESK_KILLS`` sets how many kills; the figures are printed with ``pytest -s``.
"""

import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from geolocdesk.reference.append import unfinished_append
from geolocdesk.reference.manifest import MANIFEST_NAME
from geolocdesk.reference.pack import open_pack, verify_pack
from geolocdesk.reference.sources import open_source
from tests.doubles.pack_changes import change
from tests.doubles.photo_tables import write_photos
from tests.doubles.small_packs import NOW, build_small_pack

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

KILLS = int(os.environ.get("GEOLOCDESK_KILLS", "9"))


@dataclass(frozen=True)
class Packs:
    """What the changes start from; ``expected`` is what each verb makes of it."""

    pack: Path
    other: Path
    grown: Path
    more: Path
    ids: Path


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Packs:
    folder = tmp_path_factory.mktemp("packs")
    tables = [write_photos(folder / f"photos-{first}", 40, first=first) for first in (0, 40)]
    ids = folder / "ids.txt"
    ids.write_text("".join(f"id{number}\n" for number in range(0, 40, 4)))
    pack, other = (_build(table, folder / f"pack-{place}") for place, table in enumerate(tables))
    grown = Path(shutil.copytree(pack, folder / "grown"))
    for verb, argument in (("append", tables[1]), ("remove", ids)):
        process = _started(verb, grown, argument)
        process.join()
        assert process.exitcode == 0
        process.close()
    return Packs(pack, other, grown, tables[1], ids)


def _build(table: Path, out: Path) -> Path:
    build_small_pack(
        open_source(table),
        out,
    )
    return out


@dataclass(frozen=True)
class Attempt:
    """One change of a fresh copy of the packs."""

    verb: str
    changed: Path
    arguments: tuple[Path, ...]
    untouched: tuple[Path, ...]
    before: frozenset[str] | None
    """The ids in ``changed`` to begin with; None where there is no pack yet."""
    after: frozenset[str]


def _attempt(packs: Packs, verb: str, folder: Path) -> Attempt:
    first, second = (_names(range(start, start + 40)) for start in (0, 40))
    gone = _names(range(0, 40, 4))
    if verb == "merge":
        inputs = (packs.pack, packs.other)
        return Attempt(verb, folder / "merged", inputs, inputs, None, first | second)
    changed = Path(shutil.copytree(packs.grown if verb == "compact" else packs.pack, folder / "pack"))
    arguments, before, after = {
        "append": ((packs.more,), first, first | second),
        "remove": ((packs.ids,), first, first - gone),
        "compact": ((), (first | second) - gone, (first | second) - gone),
    }[verb]
    return Attempt(verb, changed, arguments, (), before, after)


def _names(numbers: range) -> frozenset[str]:
    return frozenset(f"id{number}" for number in numbers)


def _started(verb: str, *arguments: Path) -> BaseProcess:
    """Return a process that makes the change; it is forked from one that has imported everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.doubles.pack_changes", "faiss"])
    process = context.Process(target=change, args=(verb, [str(path) for path in arguments]))
    process.start()
    return process


def _run(attempt: Attempt, kill_after_s: float | None) -> tuple[bool, float]:
    """Run the change; return whether it was killed before its end, and how long it ran."""
    begun = time.monotonic()
    process = _started(attempt.verb, attempt.changed, *attempt.arguments)
    try:
        process.join(kill_after_s)
        process.kill()  # nothing where it has ended
        process.join()
        assert process.exitcode in (0, -signal.SIGKILL)
        return process.exitcode != 0, time.monotonic() - begun
    finally:
        process.close()


def _ids_in(pack: Path) -> frozenset[str]:
    """Return the ids in a pack that opens, verifies and counts what it says."""
    with open_pack(pack) as opened:
        ids = [photo.reference_id for photo in opened.metadata.all_photos()]
        assert opened.count == len(ids) == len(set(ids))
    assert {check.state for check in verify_pack(pack, verified_at=NOW)} == {"intact"}
    return frozenset(ids)


def _kill_once(attempt: Attempt, kill_after_s: float) -> str:
    """Kill the change after so long and return what was found; the next run must succeed."""
    killed, _ = _run(attempt, kill_after_s)
    if not killed:
        return "too late"
    state = "not begun"
    if attempt.changed.exists():
        found = _ids_in(attempt.changed)
        assert found in (attempt.before, attempt.after)
        state = "done" if found == attempt.after and attempt.before != attempt.after else "as before"
    else:
        assert attempt.before is None
    for untouched in attempt.untouched:
        assert len(_ids_in(untouched)) == 40
    # a merge that was finished needs no second run
    if not (attempt.verb == "merge" and attempt.changed.exists()):
        assert not _run(attempt, None)[0]
    assert _ids_in(attempt.changed) == attempt.after
    assert unfinished_append(attempt.changed) is None
    _assert_nothing_left(attempt.changed)
    return state


def _assert_nothing_left(pack: Path) -> None:
    with open_pack(pack) as opened:
        named = {file.name for file in opened.manifest.files}
    there = {path.relative_to(pack).as_posix() for path in pack.rglob("*") if path.is_file()}
    assert there - named == {MANIFEST_NAME, "verified.json"}
    assert not list(pack.parent.glob("*.merging"))


def test_a_kill_at_any_moment_leaves_a_working_pack(packs: Packs, tmp_path: Path) -> None:
    draw = random.Random(2017)
    verbs: Sequence[str] = ("append", "merge", "remove", "compact")
    lengths = {}
    for verb in verbs:
        folder = tmp_path / verb
        folder.mkdir()
        attempt = _attempt(packs, verb, folder)
        killed, lengths[verb] = _run(attempt, None)
        assert not killed
        assert _ids_in(attempt.changed) == attempt.after
    found: Counter[tuple[str, str]] = Counter()
    kills = tries = 0
    while kills < KILLS:
        verb = verbs[kills % len(verbs)]
        folder = tmp_path / f"{verb}-{tries}"
        folder.mkdir()
        state = _kill_once(_attempt(packs, verb, folder), draw.uniform(0.0, lengths[verb]))
        shutil.rmtree(folder)
        tries += 1
        assert tries < 10 * KILLS
        if state != "too late":
            kills += 1
            found[verb, state] += 1
    for (verb, state), count in sorted(found.items()):
        sys.stdout.write(f"{verb}: {count} kills, pack {state}\n")
