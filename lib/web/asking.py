"""What the answer to a question needs, as a dependency: the query function alone imports it."""

from typing import Annotated

from fastapi import Depends

from lib.adapters.models import ChatModel, Embedder
from lib.services import questions
from lib.web.dependencies import CurrentSettings, UserDatabase


async def asking_tools(settings: CurrentSettings, database: UserDatabase) -> questions.Tools:
    endpoint = settings.openai_base_url, settings.openai_api_key
    return questions.Tools(
        database=database,
        embedder=Embedder(*endpoint, settings.embedding_model),
        chat_model=ChatModel(*endpoint, settings.chat_model),
        settings=settings,
    )


AskingTools = Annotated[questions.Tools, Depends(asking_tools)]
