"""Fixtures every test may use."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """Return the folder of real photos beside the repository; skip without it, but fail in CI."""
    folder = REPOSITORY.parent / "shared"
    if not (folder / "photos" / "world.csv").is_file():
        reason = f"the folder of real photos is absent: {folder}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
