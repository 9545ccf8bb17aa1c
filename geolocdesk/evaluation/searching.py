"""Searching a pack for described queries, their own photos left out where that is asked for."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import PackError
from geolocdesk.evaluation.test_set import Query
from geolocdesk.features.descriptor import Descriptor
from geolocdesk.features.extractor import Extractor, with_projection
from geolocdesk.reference.neighbours import Neighbours
from geolocdesk.reference.pack import Pack

Search = Callable[[Query, NDArray[np.float32]], Neighbours]


def vectors_for(pack: Pack, vectors: NDArray[np.float32], extractor: Extractor) -> NDArray[np.float32]:
    """Return the extractor's descriptors as the pack's are: followed by its projection, where it has its own.

    Raises PackError where the pack's come from another model.
    """
    projection = None if extractor.projection is not None else pack.projection()
    made_by = with_projection(extractor, projection).identity.extractor_id
    if made_by != pack.manifest.extractor_id:
        message = (
            f"The pack {pack.folder} was built with the extractor {pack.manifest.extractor_id}, and its model now "
            f"is {made_by}; restore the model's original files."
        )
        raise PackError(message)
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


def positions_left(pack: Pack) -> NDArray[np.float64]:
    """Return float64[n, 2], the positions of the pack's references, those of removed ones left out."""
    return np.delete(np.asarray(pack.positions()), pack.removed, axis=0)
