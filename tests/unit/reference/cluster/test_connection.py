"""Addresses of clusters."""

import sys

import pytest

from geolocdesk.errors import UsageError
from geolocdesk.reference.cluster.connection import check_address, is_unprotected, open_cluster


@pytest.mark.parametrize(
    "address", ["local", "local:1", "local:16", "tls://a.example:8786", "tcp://10.0.0.1:8786"]
)
def test_addresses_of_clusters_are_taken(address: str) -> None:
    check_address(address)


@pytest.mark.parametrize(
    "address",
    ["", "locally", "local:0", "local:x", "local:", "a.example:8786", "http://a:1", "tls://a", "tcp://:1"],
)
def test_other_texts_are_wrong_usage(address: str) -> None:
    with pytest.raises(UsageError, match="--cluster takes local"):
        check_address(address)


@pytest.mark.parametrize(
    ("address", "unprotected"),
    [
        ("local:2", False),
        ("tls://a.example:8786", False),
        ("tcp://a.example:8786", True),
        ("tcp://10.0.0.1:8786", True),
        ("tcp://localhost:8786", False),
        ("tcp://127.0.0.1:8786", False),
        ("tcp://[::1]:8786", False),
    ],
)
def test_open_connections_to_other_machines_are_noticed(address: str, unprotected: bool) -> None:
    assert is_unprotected(address) is unprotected


@pytest.mark.parametrize("missing", ["distributed", "cryptography"])
def test_a_missing_extra_is_said_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with (
        pytest.raises(UsageError, match=r"pip install geolocdesk\[cluster\]"),
        open_cluster("local", cores=1),
    ):
        pass
