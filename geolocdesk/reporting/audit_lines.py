"""The audit trail in lines a reader can follow; the entry's hash stands for what a line leaves out."""

import re
from dataclasses import dataclass

from geolocdesk.casefile.audit import AuditEntry
from geolocdesk.provenance import JsonValue
from geolocdesk.quantities import count_text
from geolocdesk.reporting.facts import time_text
from geolocdesk.visible_text import visible_text

_LONGEST_TEXT = 300
_HASH = re.compile("[0-9a-f]{64}")
_SHOWN_OF_HASH = 16
"""Enough to find it again; the entry's own hash vouches for the rest."""
_DETAILS = (
    ("version", "analysis"),
    ("path", "file"),
    ("kind", "reason"),
    ("message", ""),
    ("evidence_sha256", "evidence SHA-256"),
    ("sha256", "SHA-256"),
    ("analysis_id", "analysis id"),
    ("note", "note"),
    ("text", ""),
    ("program_version", "geolocdesk"),
)
"""Which inputs a line names, in this order, and how."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One change of the case."""

    entry: AuditEntry
    sequence: int
    at: str
    actor: str
    action: str
    detail: str


def audit_line(entry: AuditEntry) -> AuditLine:
    """Return an entry in words."""
    return AuditLine(
        entry=entry,
        sequence=entry.sequence,
        at=time_text(entry.at),
        actor=visible_text(entry.actor) or "not available",
        action=visible_text(entry.action),
        detail=_detail(entry),
    )


def _detail(entry: AuditEntry) -> str:
    try:
        inputs = entry.inputs
    except ValueError:
        return "The entry is damaged; “geolocdesk verify” says more."
    parts = [f"exhibit {inputs['exhibit']}"] if inputs.get("exhibit") is not None else []
    parts += [_named(label, inputs[name]) for name, label in _DETAILS if inputs.get(name) not in (None, "")]
    parts += _collections(inputs)
    return " · ".join(parts)


def _named(label: str, value: JsonValue) -> str:
    text = visible_text(str(value))
    if _HASH.fullmatch(text):
        return f"{label} {text[:_SHOWN_OF_HASH]}…"
    if len(text) > _LONGEST_TEXT:
        text = f"{text[:_LONGEST_TEXT]}… ({len(text)} characters)"
    return f"{label} {text}" if label else f"“{text}”"


def _collections(inputs: dict[str, JsonValue]) -> list[str]:
    parts = []
    details, tags, exclusions = inputs.get("details"), inputs.get("tags"), inputs.get("exclusions")
    if isinstance(details, dict):
        parts += [f"{name} “{visible_text(str(value))}”" for name, value in details.items() if value]
    if isinstance(tags, list):
        parts.append(", ".join(visible_text(str(tag)) for tag in tags) or "none")
    if isinstance(exclusions, dict):
        counted = [(name, value) for name, value in exclusions.items() if isinstance(value, list) and value]
        named = [f"{len(value)} {name.replace('_', ' ')}" for name, value in counted]
        named += ["an area"] if exclusions.get("within") else []
        named += ["copies of the photo"] if exclusions.get("own_copies") else []
        parts.append(", ".join(named) or "none")
    thumbnails = inputs.get("neighbour_thumbnails")
    if isinstance(thumbnails, dict) and thumbnails:
        parts.append(count_text(len(thumbnails), "neighbour thumbnail"))
    return parts
