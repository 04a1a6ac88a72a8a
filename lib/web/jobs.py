"""Who may run the job: whoever knows CRON_SECRET."""

import hmac
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from lib.domain.problems import InvalidJobSecret
from lib.web.dependencies import CurrentSettings

_bearer = HTTPBearer(auto_error=False, scheme_name="JobSecret", description="CRON_SECRET.")


async def require_job_secret(
    settings: CurrentSettings,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> None:
    given = credentials.credentials if credentials else ""
    if not hmac.compare_digest(given.encode(), settings.cron_secret.encode()):
        raise InvalidJobSecret
