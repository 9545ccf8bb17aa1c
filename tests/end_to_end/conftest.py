"""One demo for all end-to-end tests: the whole program, run as its users run it."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Demo:
    """A finished demo: what it wrote, where its pack lies, and the environment it ran in."""

    home: Path
    output: Path
    printed: str
    environment: dict[str, str]

    @property
    def pack(self) -> Path:
        return self.home / "data" / "practice" / "pack"

    @property
    def world(self) -> Path:
        return self.home / "data" / "practice" / "world"

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run ``geolocdesk`` with the arguments and return what came of it."""
        return run_geolocdesk(self.environment, *arguments)


def run_geolocdesk(environment: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "geolocdesk", *(str(argument) for argument in arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Run ``geolocdesk demo --no-window`` once in a home of its own."""
    home, output = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("output")
    environment = {**os.environ, "GEOLOCDESK_HOME": str(home)}
    done = run_geolocdesk(environment, "demo", "--no-window", "--output", output)
    assert done.returncode == 0, done.stderr
    return Demo(home, output, done.stdout, environment)
