"""Changes of packs by name, for a process of its own that can be killed."""

from pathlib import Path

from geolocdesk.reference.append import AppendOptions, append_to_pack, unfinished_append
from geolocdesk.reference.compaction import compact_pack
from geolocdesk.reference.merging import merge_packs
from geolocdesk.reference.removal import remove_from_pack
from geolocdesk.reference.sources import open_source
from tests.doubles.extractor import HistogramExtractor
from tests.doubles.small_packs import clock


def change(verb: str, arguments: list[str]) -> None:
    first, *others = map(Path, arguments)
    if verb == "append":
        append_to_pack(
            first,
            open_source(others[0]),
            extractor=HistogramExtractor(),
            clock=clock,
            options=AppendOptions(resume=unfinished_append(first) is not None),
        )
    elif verb == "remove":
        remove_from_pack(first, others[0].read_text().split(), source="ids.txt", clock=clock)
    elif verb == "compact":
        compact_pack(first, clock=clock)
    elif verb == "merge":
        merge_packs(others, first, clock=clock)
    else:
        raise ValueError(verb)
