"""What the reading of a file needs, as a dependency: upload and jobs import it, nobody else."""

from typing import Annotated

from fastapi import Depends

from lib.adapters.models import Embedder
from lib.services import ingestion
from lib.web.dependencies import CurrentSettings, ServiceDatabase
from lib.web.storage import FileStorage


async def embedder(settings: CurrentSettings) -> Embedder:
    return Embedder(settings.openai_base_url, settings.openai_api_key, settings.embedding_model)


async def reading_tools(
    settings: CurrentSettings,
    service: ServiceDatabase,
    storage: FileStorage,
    embedder: Annotated[Embedder, Depends(embedder)],
) -> ingestion.Tools:
    return ingestion.Tools(service=service, storage=storage, embedder=embedder, settings=settings)


ReadingTools = Annotated[ingestion.Tools, Depends(reading_tools)]
