"""Explicit values for what could not be had, so that no field is ever silently blank."""

from enum import Enum


class Unavailable(Enum):
    """Why a value is missing; the member's value is the wording shown to the user."""

    NOT_AVAILABLE = "not available"
    """The source was read and does not hold it."""

    UNREADABLE = "unreadable"
    """The source holds something in its place that could not be understood."""

    NOT_APPLICABLE = "not applicable"
    """The question does not arise here."""

    def __str__(self) -> str:
        return self.value


def text_of(value: object) -> str:
    """Return how a value, present or unavailable, is written out for a reader."""
    return str(value)
