"""Who makes a request, as the access token says it."""

from pydantic import BaseModel, ConfigDict


class Identity(BaseModel):
    """A signed-in user in one session.

    Attributes:
        must_change_password: Signed in with a one-time passphrase: nothing but a change of password,
            the own account and signing out is allowed.
    """

    model_config = ConfigDict(frozen=True)

    user_id: int
    session_id: int
    must_change_password: bool = False
