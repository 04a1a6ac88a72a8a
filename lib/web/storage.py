"""The file storage as a dependency, apart from the others: history and query never load it."""

from typing import Annotated

from fastapi import Depends

from lib.adapters.storage import Storage
from lib.web.dependencies import CurrentSettings


async def storage(settings: CurrentSettings) -> Storage:
    return Storage(settings.supabase_url, settings.supabase_secret_key, settings.storage_bucket)


FileStorage = Annotated[Storage, Depends(storage)]
