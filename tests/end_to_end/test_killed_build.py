"""A build whose process is killed goes on where it was and ends as if nothing had happened."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Demo

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


FEWER = ("--where", "view=0")
"""A third of the practice references is enough, and quicker."""


def start_build(demo: Demo, out: Path, *arguments: str) -> subprocess.Popen[str]:
    table = demo.world / "references.csv"
    command = [sys.executable, "-m", "geolocdesk", "reference", "build", str(table), *FEWER]
    return subprocess.Popen(
        [*command, "--out", str(out), *arguments],
        env=demo.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_build_killed_twice_ends_like_one_that_was_not(demo: Demo, tmp_path: Path) -> None:
    out = tmp_path / "pack"
    for _ in range(2):
        resume = ["--resume"] if out.with_name("pack.partial").exists() else []
        with start_build(demo, out, *resume) as process:
            assert process.stderr is not None
            for line in process.stderr:
                if line.startswith("Describing photos") and not line.startswith("Describing photos 0/"):
                    break
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        assert not out.exists()
    build = ("reference", "build", demo.world / "references.csv", *FEWER)
    unfinished = demo.run(*build, "--out", out)
    assert unfinished.returncode == 1
    assert "--resume" in unfinished.stderr

    done = demo.run(*build, "--out", out, "--resume")
    assert done.returncode == 0, done.stderr
    first_line = next(line for line in done.stderr.splitlines() if line.startswith("Describing photos"))
    already_done = int(first_line.split()[2].split("/")[0])
    assert already_done >= 32, done.stderr
    assert not out.with_name("pack.partial").exists()

    assert demo.run(*build, "--out", tmp_path / "whole").returncode == 0
    manifests = [(pack / "manifest.json").read_bytes() for pack in (out, tmp_path / "whole")]
    killed, whole = (json.loads(manifest) for manifest in manifests)
    assert killed["files"] == whole["files"]
    assert demo.run("reference", "verify", out).returncode == 0
