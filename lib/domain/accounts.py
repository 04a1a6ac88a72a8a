"""What passes between the services of accounts and the tables behind them."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from lib.domain.models import User


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, defer_build=True)


class Credentials(_Value):
    """A username and a password, exactly as typed."""

    username: str
    password: str = Field(repr=False)


class NewSession(_Value):
    """A session that is about to begin, with the hash of its first refresh token.

    Attributes:
        replaced: The handle of the session that the browser had before: it ends.
    """

    handle: UUID
    replaced: UUID | None
    token_hash: str
    idle_seconds: int
    lifetime_seconds: int
    user_agent: str | None


class BegunSession(_Value):
    """A living session and whose it is."""

    session_id: int
    user: User


class Rotation(BegunSession):
    """A refresh token was traded for its child, which was derived with the key of this index."""

    child_index: int


class Attempt(_Value):
    """A sign-in that may be tried, and what the password must be compared with.

    Without a user nobody of that name may sign in; the attempt is one all the same.
    """

    id: int
    user_id: int | None
    password_hash: str | None = Field(repr=False)


class Erasure(_Value):
    """What went with an account: how many rows of each table, and the objects to delete."""

    rows: dict[str, int]
    paths: list[str]
