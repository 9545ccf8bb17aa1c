"""Workers that run in the test's own process, and what they leave behind."""

from collections.abc import Iterator

import pytest

from geolocdesk.reference.cluster.worker import end_decoding


@pytest.fixture(scope="module", autouse=True)
def no_decoding_process_outlives_the_tests() -> Iterator[None]:
    """End what a worker keeps for its next shard."""
    yield
    end_decoding()
