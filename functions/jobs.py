"""GET /api/jobs/run: what is done for everybody, by a schedule or by hand."""

from lib.web.starting import make_handler

from fastapi import Depends

from lib.services import scheduled
from lib.services.scheduled import Report
from lib.web.app import create_app
from lib.web.jobs import require_job_secret
from lib.web.reading import ReadingTools
from lib.web.schedule import ScheduleHandler

app = create_app("jobs", "The scheduled job. It needs the secret of CRON_SECRET.")


@app.get("/api/jobs/run", dependencies=[Depends(require_job_secret)])
async def run(tools: ReadingTools) -> Report:
    """Finish what was left, delete what is due, forget what has expired; say how much of each.

    Bounded in time and safe at any moment. Asking the database keeps a free Supabase project awake.
    """
    return await scheduled.run(tools)


handler = make_handler(app, [ScheduleHandler])
