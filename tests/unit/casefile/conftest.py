"""A case to work on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from geolocdesk.casefile.case import Case
from geolocdesk.casefile.opening import create_case
from tests.doubles.cases import DETAILS, ticking_clock


@pytest.fixture
def case_path(tmp_path: Path) -> Path:
    return tmp_path / "zagreb.gldcase"


@pytest.fixture
def case(case_path: Path) -> Iterator[Case]:
    with create_case(case_path, DETAILS, actor="A. Kovač", clock=ticking_clock()) as made:
        yield made
