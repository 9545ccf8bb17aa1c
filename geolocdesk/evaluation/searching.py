"""Searching a pack for described queries, their own photos left out where that is asked for."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from geolocdesk.evaluation.test_set import Query
from geolocdesk.features.descriptor import Descriptor
from geolocdesk.reference.neighbours import Neighbours
from geolocdesk.reference.pack import Pack

Search = Callable[[Query, NDArray[np.float32]], Neighbours]


def vectors_for(pack: Pack, vectors: NDArray[np.float32], *, model_projects: bool) -> NDArray[np.float32]:
    """Return the descriptors as the pack's are: projected, unless the model's own projection did so already."""
    projection = None if model_projects else pack.projection()
    return vectors if projection is None else projection.apply(vectors)


def search_of(pack: Pack, neighbours: int, exclude_same: str | None) -> Search:
    """Return the search for one query; references that share its value of a column are left out."""

    def search(query: Query, vector: NDArray[np.float32]) -> Neighbours:
        descriptor = Descriptor(np.ascontiguousarray(vector), pack.manifest.extractor_id)
        return pack.search(descriptor, neighbours, rows_of_same(query, pack, exclude_same))

    return search


def rows_of_same(query: Query, pack: Pack, exclude_same: str | None) -> NDArray[np.int64] | None:
    """Return the rows that share the query's id, place or photographer, None where none are to be left out."""
    if not exclude_same or not query.excluded_value:
        return None
    value = [query.excluded_value]
    return pack.metadata.rows_with(
        reference_ids=value if exclude_same == "id" else (),
        places=value if exclude_same == "place" else (),
        photographers=value if exclude_same == "photographer" else (),
    )
