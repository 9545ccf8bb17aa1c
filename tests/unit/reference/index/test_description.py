from pathlib import Path

import pytest

from geolocdesk.reference.index import IndexDescription, index_files

COMPRESSED = IndexDescription("ivf_rabitq", 512, 200_000, 64, 24, 0.9925, 4000, 0.99, 100)


def test_the_description_survives_json() -> None:
    assert IndexDescription.from_json(COMPRESSED.to_json()) == COMPRESSED
    with pytest.raises(ValueError, match="hnsw"):
        IndexDescription.from_json({**COMPRESSED.to_json(), "kind": "hnsw"})


def test_descriptions_of_exact_indexes_written_before_there_were_others_are_read() -> None:
    value = {"kind": "flat", "dimension": 8, "count": 3, "lists": 0, "probes": 0, "measured_recall": 1.0}
    assert IndexDescription.from_json(value) == IndexDescription("flat", 8, 3)


def test_the_files_of_an_index_are_named() -> None:
    path = Path("pack/index.faiss")
    assert index_files(path, IndexDescription("flat", 8, 3)) == (path,)
    assert index_files(path, COMPRESSED) == (path, Path("pack/index.float16"))
