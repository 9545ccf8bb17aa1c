from dataclasses import replace

import pytest

from geolocdesk.casefile.audit import FIRST_PREVIOUS_HASH, AuditEntry, chain_entry, chain_faults
from geolocdesk.casefile.case import Case
from tests.doubles.analyses import make_analysis


def chain(length: int) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    for index in range(length):
        previous = entries[-1] if entries else None
        entries.append(chain_entry(previous, f"2025-11-20T09:00:0{index}Z", "me", "test", {"index": index}))
    return entries


def test_the_hash_is_the_documented_one() -> None:
    # Computed with sha256sum(1) over the canonical JSON written out by hand.
    entry = chain_entry(None, "2025-11-20T09:00:00.000Z", "A. Kovač", "note added", {"text": "ž", "note": 1})

    assert entry.previous_hash == FIRST_PREVIOUS_HASH
    assert entry.inputs_json == '{"note":1,"text":"ž"}'
    assert entry.entry_hash == "16253edf6fc9ccf7e049f1599978a183d26c2aa21a24228edb3ba248ea448f1c"


def test_a_sound_chain_has_no_fault() -> None:
    assert list(chain_faults(chain(5))) == []


def test_an_empty_chain_is_a_fault() -> None:
    assert list(chain_faults([])) == [(1, "the first entry is missing")]


@pytest.mark.parametrize("field", ["at", "actor", "action", "inputs_json", "entry_hash"])
def test_a_changed_entry_is_found(field: str) -> None:
    entries = chain(5)
    entries[2] = replace(entries[2], **{field: getattr(entries[2], field)[:-1] + "!"})

    assert 3 in [sequence for sequence, _reason in chain_faults(entries)]


def test_a_rewritten_entry_does_not_fit_its_successor() -> None:
    entries = chain(5)
    entries[2] = chain_entry(entries[1], entries[2].at, "someone else", "test", {"index": 2})

    assert list(chain_faults(entries)) == [(4, "it does not follow the entry before it")]


def test_missing_and_exchanged_entries_are_found() -> None:
    entries = chain(5)

    assert next(chain_faults(entries[1:])) == (2, "entry 1 should stand in its place")
    assert next(chain_faults([*entries[:2], *entries[3:]])) == (4, "entry 3 should stand in its place")
    assert list(chain_faults([entries[0], entries[2], entries[1]])) != []


def test_every_change_leaves_an_entry_that_names_who_and_when(case: Case) -> None:
    case.record_analysis(make_analysis())
    case.actor = "B. Novak"
    case.add_note("hello", 1)

    entries = list(case.audit())

    assert [entry.action for entry in entries] == [
        "case created",
        "exhibit added",
        "analysis recorded",
        "note added",
    ]
    assert [entry.actor for entry in entries] == ["A. Kovač"] * 3 + ["B. Novak"]
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    assert all(entry.at.endswith("Z") for entry in entries)
    assert entries[-1].inputs == {"note": 1, "exhibit": 1, "text": "hello"}


def test_a_damaged_entry_says_so() -> None:
    with pytest.raises(ValueError, match="not an object"):
        _ = replace(chain(1)[0], inputs_json="[]").inputs
