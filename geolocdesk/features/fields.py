"""Reading JSON that somebody else may have written: every field is checked, every fault is one sentence."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from geolocdesk.errors import ModelError
from geolocdesk.provenance import JsonValue


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one JSON object of a model's description; every reader raises ModelError."""

    values: Mapping[str, JsonValue]
    what: str
    """What the object is, as the message names it."""

    def text(self, name: str) -> str:
        """Return a field that must be text."""
        value = self._present(name)
        if not isinstance(value, str):
            raise self.fault(name, "is not text")
        return value

    def local_path(self, name: str) -> str:
        """Return a field that must be a path on this machine.

        A pack or model from somewhere else must not make this one reach for a network folder (and log in there).
        """
        path = self.text(name)
        if path.replace("\\", "/").startswith("//"):
            raise self.fault(name, "is a network folder; copy it here, or connect it as a drive")
        return path

    def optional_text(self, name: str) -> str | None:
        """Return a field that must be text or null."""
        return None if self._present(name) is None else self.text(name)

    def flag(self, name: str) -> bool:
        """Return a field that must be true or false."""
        value = self._present(name)
        if not isinstance(value, bool):
            raise self.fault(name, "is neither true nor false")
        return value

    def count(self, name: str) -> int:
        """Return a field that must be a whole number of at least 1."""
        value = self._present(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.fault(name, "is not a whole number above 0")
        return value

    def counts(self, name: str) -> tuple[int, ...]:
        """Return a field that must be a list of whole numbers of at least 1, and not an empty one."""
        numbers = self.items(name)
        whole = [number for number in numbers if isinstance(number, int) and not isinstance(number, bool)]
        if not whole or len(whole) != len(numbers) or min(whole) < 1:
            raise self.fault(name, "is not a list of whole numbers above 0")
        return tuple(whole)

    def optional_count(self, name: str) -> int | None:
        """Return a field that must be a whole number of at least 1, or null."""
        return None if self._present(name) is None else self.count(name)

    def number(self, name: str) -> float:
        """Return a field that must be a number."""
        value = self._present(name)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.fault(name, "is not a number")
        return float(value)

    def triple(self, name: str) -> tuple[float, float, float]:
        """Return a field that must be three numbers."""
        numbers = [
            float(item)
            for item in self.items(name)
            if isinstance(item, int | float) and not isinstance(item, bool)
        ]
        if len(numbers) != 3 or len(self.items(name)) != 3:
            raise self.fault(name, "is not three numbers")
        return (numbers[0], numbers[1], numbers[2])

    def mapping(self, name: str) -> dict[str, JsonValue]:
        """Return a field that must be an object."""
        value = self._present(name)
        if not isinstance(value, dict):
            raise self.fault(name, "is not an object")
        return value

    def optional_mapping(self, name: str) -> dict[str, JsonValue] | None:
        """Return a field that must be an object or null."""
        return None if self._present(name) is None else self.mapping(name)

    def items(self, name: str) -> list[JsonValue]:
        """Return a field that must be a list."""
        value = self._present(name)
        if not isinstance(value, list):
            raise self.fault(name, "is not a list")
        return value

    @contextmanager
    def checking(self) -> Iterator[None]:
        """Turn the ValueError or TypeError of a value that refuses its fields into ModelError."""
        try:
            yield
        except (TypeError, ValueError) as error:
            message = f"The model's {self.what} cannot be used: {error}."
            raise ModelError(message) from error

    def fault(self, name: str, reason: str) -> ModelError:
        """Return the error that says what is wrong with one field."""
        return ModelError(f"The model's {self.what} cannot be used: “{name}” {reason}.")

    def _present(self, name: str) -> JsonValue:
        if name not in self.values:
            raise self.fault(name, "is missing")
        return self.values[name]
