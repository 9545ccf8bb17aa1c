"""What a pack is called where its answers are cited."""

import pytest

from geolocdesk.reference.index import IndexDescription
from geolocdesk.reference.manifest import Manifest, SegmentRecord


@pytest.mark.parametrize(
    ("name", "synthetic", "label"),
    [
        ("Balkan streets 2025", False, "Balkan streets 2025"),
        ("Drawn villages", True, "Drawn villages (synthetic)"),
        ("Practice world (synthetic)", True, "Practice world (synthetic)"),
        ("Synthetic towns", True, "Synthetic towns"),
    ],
)
def test_drawn_photos_are_never_cited_without_saying_so(name: str, synthetic: bool, label: str) -> None:
    manifest = Manifest(
        name=name,
        created_at="2025-11-20T09:00:00Z",
        program_version="0.1.0",
        model={},
        extractor={},
        extractor_id="",
        segments=(SegmentRecord("", 0, 0, 0, IndexDescription(kind="flat", dimension=512, count=0)),),
        references=0,
        rejected=0,
        thumbnails=0,
        licences={},
        source={},
        files=(),
        synthetic=synthetic,
    )

    assert manifest.labelled_name == label
