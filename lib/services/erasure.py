"""Erasing an account: every row at once, then the stored objects."""

from pydantic import BaseModel, Field

from lib.adapters import accounts
from lib.adapters.database import Database
from lib.adapters.storage import Storage
from lib.domain.identities import Identity
from lib.services.maintenance import delete_objects
from lib.services.proofs import Entrance, prove_again


class Receipt(BaseModel):
    """What is gone."""

    rows: dict[str, int] = Field(description="How many rows of each kind were deleted.")
    stored_objects: int = Field(description="How many stored objects there were; they are deleted.")
    pending_objects: int = Field(
        description="How many stored objects, at most, the scheduled job will delete: the storage failed just now."
    )


async def erase(
    identity: Identity,
    password: str,
    *,
    database: Database,
    storage: Storage,
    entrance: Entrance,
) -> Receipt:
    """Erase the account and all that is its own.

    Raises:
        InvalidCredentials: The password is wrong.
        TooManyAttempts: Too many were wrong before.
    """
    proof = await prove_again(identity, password, database=database, entrance=entrance)
    erasure = await accounts.erase(
        database, password_hash=proof.password_hash, name_key=proof.keys.name_key
    )
    deleted = await delete_objects(erasure.paths, service=entrance.service, storage=storage)
    return Receipt(
        rows=erasure.rows,
        stored_objects=deleted or 0,
        pending_objects=len(erasure.paths) if deleted is None else 0,
    )
