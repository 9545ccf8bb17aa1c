"""Fixtures every test may use."""

from pathlib import Path

import pytest

from tests.requirement import lacking

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """Return the folder of real photos beside the repository; skip without it, but fail in CI."""
    folder = REPOSITORY.parent / "shared"
    if not (folder / "photos" / "world.csv").is_file():
        lacking(f"the folder of real photos is absent: {folder}")
    return folder
