"""Which rows of a table are meant: ``--where COLUMN=VALUE``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from geolocdesk.errors import UsageError


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions on columns: a row is meant where every named column holds one of its values."""

    conditions: tuple[tuple[str, frozenset[str]], ...] = ()

    def __bool__(self) -> bool:
        """Return whether there is any condition."""
        return bool(self.conditions)

    @classmethod
    def parse(cls, conditions: Sequence[str]) -> "Selection":
        """Return the selection for texts like ``view=0`` or ``view=0,1``.

        The same column named twice means either value; different columns must all hold. Raises UsageError.
        """
        values: dict[str, set[str]] = {}
        for condition in conditions:
            column, sign, wanted = condition.partition("=")
            if not sign or not column.strip():
                message = f"--where takes COLUMN=VALUE, not {condition!r}."
                raise UsageError(message)
            values.setdefault(column.strip(), set()).update(value.strip() for value in wanted.split(","))
        return cls(tuple((column, frozenset(wanted)) for column, wanted in values.items()))

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns that are asked about."""
        return tuple(column for column, _ in self.conditions)

    def takes(self, row: Mapping[str, str]) -> bool:
        """Return whether a row is meant."""
        return all((row.get(column) or "").strip() in wanted for column, wanted in self.conditions)

    def to_json(self) -> dict[str, list[str]]:
        """Return the conditions as plain JSON values."""
        return {column: sorted(wanted) for column, wanted in self.conditions}
