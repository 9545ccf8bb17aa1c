"""New ids for photos whose id another photo has already."""

from collections.abc import Callable, Iterable


def free_ids(clashing: Iterable[str], is_taken: Callable[[str], bool]) -> dict[str, str]:
    """Return a new id for each of these: ``ID~2``, or the next number that is free.

    The same clashes in the same order give the same names.
    """
    given: dict[str, str] = {}
    used: set[str] = set()
    for name in clashing:
        number = 2
        while (new := f"{name}~{number}") in used or is_taken(new):
            number += 1
        used.add(new)
        given[name] = new
    return given
