"""Results of a command written into a case as they come."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from geolocdesk.analysis import Analysis, AnalysisFailure
from geolocdesk.casefile.case import Case
from geolocdesk.casefile.exhibit import CaseDetails, CaseSettings
from geolocdesk.casefile.opening import create_case, open_case
from geolocdesk.estimation.location import EstimationParameters

if TYPE_CHECKING:
    from datetime import datetime

    from geolocdesk.reference.pack import Pack

Record = Callable[[Analysis | AnalysisFailure], None]


@contextmanager
def case_for_results(
    path: Path, *, actor: str, clock: "Callable[[], datetime]", details: CaseDetails | None = None
) -> Iterator[Case]:
    """Give the case at ``path`` open for writing; one that is not there yet is made. Raises CaseError."""
    if path.exists():
        case = open_case(path, actor=actor, clock=clock)
    else:
        case = create_case(path, details or CaseDetails(title=path.stem), actor=actor, clock=clock)
    try:
        yield case
    finally:
        case.close()


def recorder(case: Case, pack: "Pack", parameters: EstimationParameters) -> Record:
    """Return a function that keeps one result in the case, durable when it returns."""
    settings = CaseSettings(pack=pack.folder.resolve(), parameters=parameters)
    if case.settings() != settings:
        case.set_settings(settings)

    def record(result: Analysis | AnalysisFailure) -> None:
        if isinstance(result, AnalysisFailure):
            case.record_failure(result)
            return
        case.record_analysis(
            result,
            neighbour_thumbnail=lambda _pack_id, row: pack.thumbnail(row),
            pack_verified_at=pack.last_verified(),
        )

    return record
