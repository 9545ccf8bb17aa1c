"""What a test needs and some machines lack: a user's tests go on without it, and CI has to have it."""

import os
from typing import NoReturn

import pytest


def lacking(reason: str) -> NoReturn:
    """Skip the test, or fail it in CI, which must leave nothing out."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
