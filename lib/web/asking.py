"""What the answer to a question needs, as a dependency: the query function alone imports it."""

from typing import Annotated

from fastapi import Depends

from lib.adapters.models import ChatModel, Embedder
from lib.domain.identities import Identity
from lib.services import questions
from lib.settings import Settings
from lib.web.dependencies import OfBearer, user_database


def _asking_tools(identity: Identity, settings: Settings) -> questions.Tools:
    endpoint = settings.openai_base_url, settings.openai_api_key
    return questions.Tools(
        identity=identity,
        database=user_database(identity, settings),
        embedder=Embedder(*endpoint, settings.embedding_model),
        chat_model=ChatModel(*endpoint, settings.chat_model),
        settings=settings,
    )


AskingTools = Annotated[questions.Tools, Depends(OfBearer(_asking_tools))]
