"""The search index on disk, exact or compressed. This is the only package that knows FAISS."""

from geolocdesk.reference.index.build import EXACT_UP_TO, RECALL_TARGET, build_index, build_index_from_blocks
from geolocdesk.reference.index.description import IndexDescription, index_files
from geolocdesk.reference.index.row_filter import RowFilter
from geolocdesk.reference.index.search import SearchIndex

__all__ = [
    "EXACT_UP_TO",
    "RECALL_TARGET",
    "IndexDescription",
    "RowFilter",
    "SearchIndex",
    "build_index",
    "build_index_from_blocks",
    "index_files",
]
