"""A report as CASE/UCO JSON-LD, the ontology by which forensic programs exchange what they found.

Names are those of https://ontology.caseontology.org and https://ontology.unifiedcyberontology.org. Identifiers
follow from the case's first audit entry, so the same case gives the same graph.
"""

import json
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from geolocdesk.casefile.codec import path_to_text
from geolocdesk.casefile.reader import CaseReader
from geolocdesk.evidence.record import EvidenceRecord, ExifTag
from geolocdesk.geodesy import Position
from geolocdesk.progress import ProgressCallback, ignore_progress
from geolocdesk.provenance import Provenance, sha256_of_json
from geolocdesk.reporting.answer import AnswerReport, LevelLine, NeighbourLine
from geolocdesk.reporting.report import EVERYTHING, ExhibitReport, Report, ReportContents
from geolocdesk.unavailable import Unavailable
from geolocdesk.visible_text import visible_text
from geolocdesk.whole_file import whole_file

Node = dict[str, object]

_UCO = "https://ontology.unifiedcyberontology.org/uco"
_CONTEXT = {
    "kb": "urn:geolocdesk:",
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "uco-action": f"{_UCO}/action/",
    "uco-analysis": f"{_UCO}/analysis/",
    "uco-configuration": f"{_UCO}/configuration/",
    "uco-core": f"{_UCO}/core/",
    "uco-identity": f"{_UCO}/identity/",
    "uco-location": f"{_UCO}/location/",
    "uco-observable": f"{_UCO}/observable/",
    "uco-tool": f"{_UCO}/tool/",
    "uco-types": f"{_UCO}/types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def write_case_uco(
    case: CaseReader,
    path: Path,
    *,
    contents: ReportContents = EVERYTHING,
    progress: ProgressCallback = ignore_progress,
) -> None:
    """Write the report's graph to ``path``. Raises OutputError; progress may raise Cancelled."""
    report = Report(case, contents)
    first = next(report.case.audit())
    graph = _Graph(report, first.entry_hash)
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(f'{{"@context":{_json(_CONTEXT)},"@graph":[')
        separator = "\n"
        for node in graph.nodes(progress):
            stream.write(separator + _json(node))
            separator = ",\n"
        stream.write("\n]}\n")


class _Graph:
    """Makes the nodes one after another; a tool or an identity comes when it is first needed."""

    def __init__(self, report: Report, first_hash: str) -> None:
        self._report = report
        self._namespace = uuid.uuid5(uuid.NAMESPACE_OID, first_hash)
        self._known: set[str] = set()
        self._members: list[str] = []

    def nodes(self, progress: ProgressCallback) -> Iterator[Node]:
        yield from self._identities()
        for exhibit in self._report.exhibits(progress):
            yield from self._exhibit(exhibit)
        yield from self._notes(
            "case",
            self._id("investigation"),
            [(note.text, note.byline) for note in self._report.case_notes()],
        )
        yield self._investigation()

    def _id(self, kind: str, *names: object) -> str:
        """Return an identifier that ends in a UUID, as CASE asks."""
        name = "/".join(map(str, (kind, *names)))
        return f"kb:{kind}-{uuid.uuid5(self._namespace, name)}"

    def _reference(self, *parts: object) -> Node:
        return {"@id": self._id(*map(str, parts))}

    def _investigation(self) -> Node:
        report, details = self._report, self._report.info.details
        return {
            "@id": self._id("investigation"),
            "@type": "case-investigation:Investigation",
            "uco-core:name": report.title,
            "uco-core:description": [
                "Where photos were taken, estimated from the pictures; every answer is an investigative lead.",
                f"Audit trail of {report.info.audit_entries} entries, newest hash {report.info.audit_hash}.",
                *([visible_text(details.remarks)] if details.remarks else []),
            ],
            "case-investigation:focus": "photo location",
            "uco-core:startTime": _time(report.info.created_at),
            **({"uco-core:tag": f"case number {visible_text(details.number)}"} if details.number else {}),
            "uco-core:object": [{"@id": member} for member in self._members],
        }

    def _identities(self) -> Iterator[Node]:
        details = self._report.info.details
        for kind, type_name, name in (
            ("examiner", "uco-identity:Person", details.examiner),
            ("organisation", "uco-identity:Organization", details.organisation),
        ):
            if name:
                self._known.add(kind)
                self._members.append(self._id(kind))
                yield {"@id": self._id(kind), "@type": type_name, "uco-core:name": visible_text(name)}

    def _exhibit(self, exhibit: ExhibitReport) -> Iterator[Node]:
        number = exhibit.exhibit.number
        self._members += [self._id("file", number), self._id("provenance-record", number)]
        yield self._file(exhibit)
        yield {
            "@id": self._id("provenance-record", number),
            "@type": "case-investigation:ProvenanceRecord",
            "uco-core:description": f"{exhibit.title}: {exhibit.failure or exhibit.state}",
            "case-investigation:exhibitNumber": str(number),
            "uco-core:object": self._reference("file", number),
        }
        yield self._acquisition(exhibit)
        if exhibit.record is not None:
            yield from self._claim(number, exhibit.record)
        if exhibit.answer is not None:
            yield from self._analysis(number, exhibit.answer)
        texts = [(note.text, note.byline) for note in exhibit.notes]
        yield from self._notes(str(number), self._id("file", number), texts)

    def _file(self, exhibit: ExhibitReport) -> Node:
        facts, number = exhibit.exhibit, exhibit.exhibit.number
        facets: list[Node] = [
            {
                "@id": self._id("file-facet", number),
                "@type": "uco-observable:FileFacet",
                "uco-observable:fileName": visible_text(facts.name),
                "uco-observable:filePath": visible_text(path_to_text(facts.path)),
                "uco-observable:isDirectory": False,
            }
        ]
        if exhibit.record is not None:
            facets[0]["uco-observable:sizeInBytes"] = exhibit.record.size_bytes
            facets += self._record_facets(number, exhibit.record)
        return {
            "@id": self._id("file", number),
            "@type": "uco-observable:File",
            "uco-core:name": exhibit.title,
            "uco-core:hasFacet": facets,
            **({"uco-core:tag": list(exhibit.labels)} if exhibit.labels else {}),
        }

    def _record_facets(self, number: int, record: EvidenceRecord) -> Iterator[Node]:
        yield {
            "@id": self._id("content-data-facet", number),
            "@type": "uco-observable:ContentDataFacet",
            "uco-observable:mimeType": record.media_type,
            "uco-observable:sizeInBytes": record.size_bytes,
            "uco-observable:hash": {
                "@id": self._id("hash", number),
                "@type": "uco-types:Hash",
                "uco-types:hashMethod": "SHA256",
                "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": record.sha256},
            },
        }
        yield {
            "@id": self._id("raster-picture-facet", number),
            "@type": "uco-observable:RasterPictureFacet",
            "uco-observable:pictureType": record.media_type.removeprefix("image/"),
            "uco-observable:pictureWidth": record.width_px,
            "uco-observable:pictureHeight": record.height_px,
        }
        if record.exif.tags:
            yield {
                "@id": self._id("exif-facet", number),
                "@type": "uco-observable:EXIFFacet",
                "uco-observable:exifData": self._dictionary(number, record.exif.tags),
            }

    def _dictionary(self, number: int, tags: Sequence[ExifTag]) -> Node:
        """Return the tags as a dictionary; a name that comes twice is numbered, as keys must differ."""
        seen: dict[str, int] = {}
        entries: list[Node] = []
        for index, tag in enumerate(tags):
            name = visible_text(tag.name)
            seen[name] = seen.get(name, 0) + 1
            entries.append(
                {
                    "@id": self._id("exif-entry", number, index),
                    "@type": "uco-types:ControlledDictionaryEntry",
                    "uco-types:key": name if seen[name] == 1 else f"{name} ({seen[name]})",
                    "uco-types:value": visible_text(tag.value),
                }
            )
        return {
            "@id": self._id("exif", number),
            "@type": "uco-types:ControlledDictionary",
            "uco-types:entry": entries,
        }

    def _acquisition(self, exhibit: ExhibitReport) -> Node:
        number = exhibit.exhibit.number
        self._members.append(self._id("acquisition", number))
        return {
            "@id": self._id("acquisition", number),
            "@type": "case-investigation:InvestigativeAction",
            "uco-core:name": "taken into the case",
            "uco-action:startTime": _time(exhibit.exhibit.added_at),
            **self._performer(),
            "uco-action:object": self._reference("file", number),
            "uco-action:result": self._reference("provenance-record", number),
        }

    def _performer(self) -> Node:
        return {"uco-action:performer": self._reference("examiner")} if "examiner" in self._known else {}

    def _claim(self, number: int, record: EvidenceRecord) -> Iterator[Node]:
        if not isinstance(record.exif.position, Unavailable):
            yield from self._related_location(
                number,
                "exif-location",
                record.exif.position,
                kind="Location_Claimed_By_EXIF",
                name="Position in the file's EXIF",
                description="The file's own claim: untrusted, and no part of the answer.",
            )

    def _analysis(self, number: int, answer: AnswerReport) -> Iterator[Node]:
        analysis = answer.analysis
        tool = self._id("configured-tool", sha256_of_json(analysis.provenance.to_json()))
        if tool not in self._known:
            self._known.add(tool)
            yield from self._tool(tool, analysis.provenance)
        levels = list(answer.levels)
        results = [self._reference("level", number, line.name) for line in levels]
        self._members += [self._id("analysis", number), self._id("analytic-result", number)]
        yield {
            "@id": self._id("analysis", number),
            "@type": ["case-investigation:InvestigativeAction", "uco-analysis:Analysis"],
            "uco-core:name": "estimation of the place",
            "uco-core:description": f"analysis {analysis.analysis_id}",
            "uco-action:startTime": _time(answer.summary.recorded_at),
            **self._performer(),
            "uco-action:instrument": {"@id": tool},
            "uco-action:object": self._reference("file", number),
            "uco-action:result": [self._reference("answer", number), *results],
        }
        yield {
            "@id": self._id("analytic-result", number),
            "@type": "uco-analysis:AnalyticResult",
            "uco-core:statement": [
                f"{'Practice answer' if answer.is_synthetic else 'Investigative lead'}: {answer.place}.",
                answer.assessment,
                answer.basis,
                answer.claim,
                *answer.regions,
            ],
            "uco-analysis:originatingAnalysis": self._reference("analysis", number),
            "uco-analysis:resultContent": [self._reference("answer", number), *results],
        }
        yield from self._related_location(
            number,
            "answer",
            analysis.estimate.position,
            kind="Estimated_Location",
            name="Single best position",
            description=f"{answer.place}. An investigative lead.",
        )
        for line in levels:
            yield from self._level(number, line)
        for neighbour in answer.neighbours:
            yield from self._neighbour(number, neighbour)

    def _tool(self, configured: str, provenance: Provenance) -> Iterator[Node]:
        tool = self._id("tool", provenance.program_version)
        if tool not in self._known:
            self._known.add(tool)
            yield {
                "@id": tool,
                "@type": "uco-tool:Tool",
                "uco-core:name": "geolocdesk",
                "uco-tool:toolType": "photo geolocation by image retrieval",
                "uco-tool:version": provenance.program_version,
            }
        self._members.append(configured)
        yield {
            "@id": configured,
            "@type": "uco-tool:ConfiguredTool",
            "uco-core:name": "geolocdesk",
            "uco-tool:version": provenance.program_version,
            "uco-configuration:isConfigurationOf": {"@id": tool},
            "uco-configuration:usesConfiguration": {
                "@id": self._id("configuration", configured),
                "@type": "uco-configuration:Configuration",
                "uco-configuration:configurationEntry": [
                    {
                        "@id": self._id("configuration-entry", configured, name),
                        "@type": "uco-configuration:ConfigurationEntry",
                        "uco-configuration:itemName": name,
                        "uco-configuration:itemValue": value,
                    }
                    for name, value in _configuration(provenance)
                ],
            },
        }

    def _level(self, number: int, line: LevelLine) -> Iterator[Node]:
        yield from self._related_location(
            number,
            "level",
            line.answer.position,
            line.name,
            kind="Estimated_Location",
            name=f"{line.name.capitalize()} level",
            description=f"Within {line.radius}: {line.probability}, {line.calibrated_on}.",
            confidence=round(line.answer.probability * 100),
        )

    def _neighbour(self, number: int, line: NeighbourLine) -> Iterator[Node]:
        reference = line.neighbour.reference
        yield from self._related_location(
            number,
            "neighbour",
            reference.position,
            line.rank,
            kind="Resembles_Photo_Taken_At",
            name=f"Neighbour {line.rank}: {visible_text(reference.reference_id)}",
            description=f"{line.place}; descriptor distance {line.descriptor_distance}; {line.credit}",
        )

    def _related_location(
        self,
        number: int,
        label: str,
        position: Position,
        *names: object,
        kind: str,
        name: str,
        description: str,
        confidence: int | None = None,
    ) -> Iterator[Node]:
        """Yield a location and its relationship with the exhibit's file."""
        location = self._id(label, number, *names)
        self._members.append(location)
        yield {
            "@id": location,
            "@type": "uco-location:Location",
            "uco-core:name": name,
            "uco-core:description": description,
            "uco-core:hasFacet": {
                "@id": self._id("coordinates", label, number, *names),
                "@type": "uco-location:LatLongCoordinatesFacet",
                "uco-location:latitude": _decimal(position.latitude),
                "uco-location:longitude": _decimal(position.longitude),
            },
        }
        relationship: Node = {
            "@id": self._id("relationship", label, number, *names),
            "@type": "uco-core:Relationship",
            "uco-core:source": self._reference("file", number),
            "uco-core:target": {"@id": location},
            "uco-core:kindOfRelationship": kind,
            "uco-core:isDirectional": True,
        }
        if confidence is not None:
            relationship["uco-core:hasFacet"] = {
                "@id": self._id("confidence", label, number, *names),
                "@type": "uco-core:ConfidenceFacet",
                "uco-core:confidence": {"@type": "xsd:nonNegativeInteger", "@value": str(confidence)},
            }
        yield relationship

    def _notes(self, label: str, about: str, notes: Sequence[tuple[str, str]]) -> Iterator[Node]:
        for index, (text, byline) in enumerate(notes, start=1):
            yield {
                "@id": self._id("note", label, index),
                "@type": "uco-core:Annotation",
                "uco-core:name": byline,
                "uco-core:statement": text,
                "uco-core:object": {"@id": about},
            }


def _configuration(provenance: Provenance) -> Iterator[tuple[str, str]]:
    """Yield what decided the result, one entry a value."""
    for name, value in provenance.to_json().items():
        if isinstance(value, dict):
            for key, item in value.items():
                yield f"{name}: {key}", _text(item)
        else:
            yield name, _text(value)


def _text(value: object) -> str:
    return visible_text(
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    )


def _time(at: str) -> Node:
    return {"@type": "xsd:dateTime", "@value": at}


def _decimal(degrees: float) -> Node:
    """Return degrees as XML Schema's decimal, which knows no exponents."""
    return {"@type": "xsd:decimal", "@value": f"{degrees:.9f}"}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
