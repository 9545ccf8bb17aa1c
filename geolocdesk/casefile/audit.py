"""The audit trail: who did what, when and with which inputs, each entry bound to the one before."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from geolocdesk.provenance import JsonValue, canonical_json, sha256_of_json

FIRST_PREVIOUS_HASH = "0" * 64
"""What the first entry names in place of a predecessor."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change of the case."""

    sequence: int
    """1 for the first entry, without gaps."""
    previous_hash: str
    at: str
    """ISO 8601 in UTC."""
    actor: str
    action: str
    inputs_json: str
    """Canonical JSON; with the hashes of what was stored, so that no stored byte can change unnoticed."""
    entry_hash: str

    @property
    def inputs(self) -> dict[str, JsonValue]:
        """Return the inputs as plain values. Raises ValueError where the entry was damaged."""
        value = json.loads(self.inputs_json)
        if not isinstance(value, dict):
            message = f"the inputs of audit entry {self.sequence} are not an object"
            raise ValueError(message)
        return value


def chain_entry(
    previous: AuditEntry | None, at: str, actor: str, action: str, inputs: Mapping[str, JsonValue]
) -> AuditEntry:
    """Return the entry that follows ``previous`` (None: the first one)."""
    entry = AuditEntry(
        sequence=1 if previous is None else previous.sequence + 1,
        previous_hash=FIRST_PREVIOUS_HASH if previous is None else previous.entry_hash,
        at=at,
        actor=actor,
        action=action,
        inputs_json=canonical_json(dict(inputs)).decode("utf-8"),
        entry_hash="",
    )
    return AuditEntry(
        entry.sequence,
        entry.previous_hash,
        entry.at,
        entry.actor,
        entry.action,
        entry.inputs_json,
        computed_hash(entry),
    )


def computed_hash(entry: AuditEntry) -> str:
    """Return the hash the entry should carry: SHA-256 of the canonical JSON of everything else in it."""
    return sha256_of_json(
        {
            "sequence": entry.sequence,
            "previous_hash": entry.previous_hash,
            "at": entry.at,
            "actor": entry.actor,
            "action": entry.action,
            "inputs_json": entry.inputs_json,
        }
    )


def chain_faults(entries: Iterable[AuditEntry]) -> Iterator[tuple[int, str]]:
    """Yield the sequence number of each entry that breaks the chain, and what is wrong with it."""
    expected_sequence, expected_previous = 1, FIRST_PREVIOUS_HASH
    for entry in entries:
        if entry.sequence != expected_sequence:
            yield entry.sequence, f"entry {expected_sequence} should stand in its place"
        elif entry.previous_hash != expected_previous:
            yield entry.sequence, "it does not follow the entry before it"
        if entry.entry_hash != computed_hash(entry):
            yield entry.sequence, "its content is not what was recorded"
        expected_sequence, expected_previous = entry.sequence + 1, entry.entry_hash
    if expected_sequence == 1:
        yield 1, "the first entry is missing"
