"""What Supabase does with our database tokens: trusts the imported key, and nothing else.

A real project takes part where LECTERN_CONTRACT_SUPABASE_URL, LECTERN_CONTRACT_PUBLISHABLE_KEY and
LECTERN_CONTRACT_DATABASE_TOKEN_KEY (a private ES256 JWK that it trusts) are set; it needs our migrations.
"""

import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import httpx
import jwt
import pytest

from dev.new_keys import make_signing_key, public_part
from dev.stack import Stack
from lib.domain.identities import Identity
from lib.domain.tokens import mint_database_token

# Nobody: the token is good, and no row is anybody's of that name.
NOBODY = Identity(user_id=999_999_999_999, session_id=1)

_NAMES = ("SUPABASE_URL", "PUBLISHABLE_KEY", "DATABASE_TOKEN_KEY")
REAL = [os.environ.get(f"LECTERN_CONTRACT_{name}", "") for name in _NAMES]  # noqa: TID251 - not Lectern's own


class Project(NamedTuple):
    """Where tokens are shown, and the key that is trusted there."""

    url: str
    publishable_key: str
    key: str

    def show(self, token: str) -> httpx.Response:
        headers = {"apikey": self.publishable_key, "Authorization": f"Bearer {token}"}
        body = {"p_cursor": None, "p_limit": 1}
        return httpx.post(f"{self.url}/rest/v1/rpc/list_files", json=body, headers=headers)

    def other_key(self) -> str:
        """Return a key of the same kind that nobody has imported; of the same name, if it has one."""
        if not self.key.startswith("{"):
            return "another secret of more than thirty-two bytes"
        return json.dumps(make_signing_key() | {"kid": json.loads(self.key)["kid"]})


@pytest.fixture(params=["local", "real"] if all(REAL) else ["local"])
def project(request: pytest.FixtureRequest) -> Project:
    if request.param == "real":
        return Project(*REAL)
    stack: Stack = request.getfixturevalue("stack")
    return Project(stack.supabase_url, stack.publishable_key, stack.jwt_secret)


class TestTheDataApi:
    def test_runs_a_call_as_the_user_of_the_token(self, project: Project) -> None:
        token = mint_database_token(NOBODY, project.key, now=datetime.now(UTC))

        answer = project.show(token)

        assert (answer.status_code, answer.json()) == (200, [])

    def test_refuses_a_key_that_nobody_imported(self, project: Project) -> None:
        token = mint_database_token(NOBODY, project.other_key(), now=datetime.now(UTC))

        assert project.show(token).status_code == 401

    def test_refuses_a_token_that_is_over(self, project: Project) -> None:
        # 120 s of life and 30 s for clocks that differ.
        issued_at = datetime.now(UTC) - timedelta(seconds=155)

        answer = project.show(mint_database_token(NOBODY, project.key, now=issued_at))

        assert answer.status_code == 401


def verify(token: str, jwks: dict[str, Any]) -> dict[str, Any]:
    """Verify a token as Supabase does: the key by its `kid`, the algorithm by the key, one at a time."""
    kid = jwt.get_unverified_header(token)["kid"]
    key = jwt.PyJWKSet.from_dict(jwks)[kid]
    return jwt.decode(token, key, algorithms=["ES256"], audience="authenticated")


class TestImportedKeys:
    """The drill that a rotation is: both keys trusted, then the new one alone."""

    def setup_method(self) -> None:
        self.old, self.new = make_signing_key(), make_signing_key()
        self.tokens = [
            mint_database_token(NOBODY, json.dumps(jwk), now=datetime.now(UTC))
            for jwk in (self.old, self.new)
        ]

    def test_both_are_valid_while_both_are_published(self) -> None:
        jwks = {"keys": [public_part(self.old), public_part(self.new)]}

        assert [verify(token, jwks)["sub"] for token in self.tokens] == [str(NOBODY.user_id)] * 2

    def test_the_old_one_is_refused_once_it_is_gone(self) -> None:
        jwks = {"keys": [public_part(self.new)]}

        assert verify(self.tokens[1], jwks)
        with pytest.raises(KeyError):
            verify(self.tokens[0], jwks)

    def test_a_key_of_the_same_name_is_not_the_key(self) -> None:
        jwks = {"keys": [public_part(self.new | {"kid": self.old["kid"]})]}

        with pytest.raises(jwt.InvalidSignatureError):
            verify(self.tokens[0], jwks)

    def test_what_is_public_of_the_key_cannot_be_used_as_a_secret(self) -> None:
        jwks = {"keys": [public_part(self.old)]}
        forged = jwt.encode(
            {"sub": "1", "aud": "authenticated"},
            self.old["x"],
            algorithm="HS256",
            headers={"kid": self.old["kid"]},
        )

        with pytest.raises(jwt.InvalidAlgorithmError):
            verify(forged, jwks)
