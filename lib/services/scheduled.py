"""One run of the scheduled job, bounded in time and safe at any moment."""

from pydantic import BaseModel, Field

from lib.adapters import files, jobs
from lib.adapters.deadlines import current_deadline
from lib.domain.problems import Problem, UnreadableFile, UploadIncomplete
from lib.services import ingestion, maintenance
from lib.services.ingestion import MAX_ATTEMPTS, Reading, Tools, start_reading

_LEAST_SECONDS_FOR_A_FILE = 5.0
# Beside the reading: tidying before it, deleting objects after it.
_TIDYING_SECONDS = 20.0
# Of these, how long batch after batch is forgotten, and later deleted: each leaves some to the other.
_FORGETTING_SECONDS = 7.0


class Report(BaseModel):
    """What a run did."""

    queries_interrupted: int = Field(description="Answers whose function died.")
    uploads_abandoned: int = Field(description="Files that were announced and never came.")
    accounts_purged: int = Field(description="Expired sessions and counters.")
    usage_purged: int
    ingestions_resumed: int
    ingestions_failed: int = Field(description="Files that break the reader again and again.")
    objects_deleted: int


async def run(tools: Tools) -> Report:
    seconds = tools.settings.ingestion_slice.total_seconds()
    current_deadline().allow(seconds + _TIDYING_SECONDS)
    forgotten = await maintenance.forget(service=tools.service, seconds=_FORGETTING_SECONDS)
    failed = await jobs.fail_stuck_ingestions(
        tools.service,
        max_attempts=MAX_ATTEMPTS,
        error=UnreadableFile().as_dict() | {"retryable": False},
    )
    reading = start_reading(tools, beside_seconds=_TIDYING_SECONDS)
    resumed = await _resume_ingestions(reading)
    deleted = await maintenance.delete_due_objects(
        service=tools.service, storage=tools.storage, seconds=_FORGETTING_SECONDS
    )
    return Report(
        **forgotten, ingestions_resumed=resumed, ingestions_failed=failed, objects_deleted=deleted
    )


async def _resume_ingestions(reading: Reading) -> int:
    """Go on with files whose reading was abandoned, while there is time."""
    resumed = 0
    while reading.seconds_left > _LEAST_SECONDS_FOR_A_FILE:
        claim = await files.claim_abandoned_ingestion(reading.service, max_attempts=MAX_ATTEMPTS)
        if claim is None or claim.lease_id is None:
            break
        resumed += 1
        try:
            await ingestion.read_claim(claim, claim.lease_id, reading)
        except UploadIncomplete:
            continue
        except Problem:
            break  # storage or database are away, for every file: the next run tries again
    return resumed
