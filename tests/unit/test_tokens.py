"""Tokens: what is signed, what is refused, and how keys are replaced."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from lib.domain.identities import Identity
from lib.domain.problems import InvalidAccessToken, InvalidRefreshToken
from lib.domain.tokens import (
    derive_refresh_token,
    hash_refresh_token,
    issue_access_token,
    mint_database_token,
    read_access_token,
    read_refresh_token,
)

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
KEY = "k" * 32
OTHER_KEY = "o" * 32
ALICE = Identity(user_id=7, session_id=11)
HANDLE = UUID("3c2c0a2e-7a53-4a50-9d5e-5c1d4f0f7b11")


def issue(identity: Identity = ALICE, key: str = KEY) -> str:
    return issue_access_token(identity, key, now=NOW, lifetime=timedelta(minutes=10))


def forge(*, key: str = KEY, algorithm: str = "HS256", **changes: Any) -> str:
    claims: dict[str, Any] = {
        "iss": "lectern",
        "aud": "lectern-api",
        "sub": "7",
        "sid": "11",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 600,
        **changes,
    }
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(present, key, algorithm=algorithm)


class TestAccessToken:
    def test_says_who_was_signed_in(self):
        assert read_access_token(issue(), [KEY], now=NOW) == ALICE

    def test_keeps_that_the_password_must_change(self):
        identity = ALICE.model_copy(update={"must_change_password": True})

        assert read_access_token(issue(identity), [KEY], now=NOW) == identity

    def test_any_accepted_key_verifies(self):
        assert read_access_token(issue(key=OTHER_KEY), [KEY, OTHER_KEY], now=NOW) == ALICE

    def test_ends_with_its_lifetime(self):
        with pytest.raises(InvalidAccessToken):
            read_access_token(issue(), [KEY], now=NOW + timedelta(minutes=10))

    def test_ends_also_when_it_was_verified_before(self):
        """Its signature is remembered, and nothing else is."""
        token = issue()
        assert read_access_token(token, [KEY], now=NOW) == ALICE

        with pytest.raises(InvalidAccessToken):
            read_access_token(token, [KEY], now=NOW + timedelta(minutes=10))
        with pytest.raises(InvalidAccessToken):
            read_access_token(token, [OTHER_KEY], now=NOW)

    @pytest.mark.parametrize(
        "token",
        [
            "",
            "a.b.c",
            issue(key=OTHER_KEY),
            issue()[:-2],
            forge(algorithm="HS384", key=KEY * 2),
            forge(algorithm="none", key=""),
            forge(iss="someone"),
            forge(aud="authenticated"),
            forge(aud=None),
            forge(exp=None),
            forge(exp="never"),
            forge(iat=None),
            forge(sub=None),
            forge(sub=""),
            forge(sub="0"),
            forge(sub="-7"),
            forge(sub="\u0667"),
            forge(sub="3c2c0a2e-7a53-4a50-9d5e-5c1d4f0f7b11"),
            forge(sid=None),
            forge(nbf=int(NOW.timestamp()) + 60),
            mint_database_token(ALICE, KEY, now=NOW),
        ],
    )
    def test_refuses_everything_else(self, token: str):
        with pytest.raises(InvalidAccessToken):
            read_access_token(token, [KEY], now=NOW)


class TestDatabaseToken:
    def test_lives_two_minutes_as_the_user(self):
        token = mint_database_token(ALICE, KEY, now=NOW)

        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims["role"] == "authenticated"
        assert (claims["sub"], claims["sid"]) == ("7", "11")
        assert claims["exp"] - int(NOW.timestamp()) == 120

    def test_says_nothing_of_its_beginning(self):
        """A Data API whose clock is behind ours would refuse it."""
        token = mint_database_token(ALICE, KEY, now=NOW)

        assert not {"iat", "nbf"} & set(jwt.decode(token, options={"verify_signature": False}))

    def test_is_signed_with_the_secret_that_is_given(self):
        options: Any = {"verify_exp": False}

        for key in (KEY, OTHER_KEY, KEY):
            token = mint_database_token(ALICE, key, now=NOW)

            claims = jwt.decode(
                token, key, algorithms=["HS256"], audience="authenticated", options=options
            )
            assert token == jwt.encode(claims, key, algorithm="HS256")

    def test_a_key_of_another_kind_is_no_secret_also_when_seen_before(self):
        key = "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"

        for _ in range(2):
            with pytest.raises(jwt.InvalidKeyError):
                mint_database_token(ALICE, key, now=NOW)

    def test_is_signed_with_the_imported_key(self):
        private_key = ec.generate_private_key(ec.SECP256R1())
        jwk = {**ECAlgorithm.to_jwk(private_key, as_dict=True), "kid": "k-1"}

        token = mint_database_token(ALICE, json.dumps(jwk), now=NOW)

        assert jwt.get_unverified_header(token) == {"alg": "ES256", "kid": "k-1", "typ": "JWT"}
        public_key = private_key.public_key()
        options: Any = {"verify_exp": False, "verify_iat": False}
        jwt.decode(
            token, public_key, algorithms=["ES256"], audience="authenticated", options=options
        )


class TestRefreshToken:
    def test_is_the_same_each_time_it_is_derived(self):
        tokens = {derive_refresh_token(HANDLE, 3, KEY) for _ in range(2)}

        assert len(tokens) == 1

    def test_names_its_session_and_generation(self):
        token = derive_refresh_token(HANDLE, 3, KEY)

        assert read_refresh_token(token, [KEY]) == (HANDLE, 3)

    def test_any_accepted_key_verifies(self):
        token = derive_refresh_token(HANDLE, 3, OTHER_KEY)

        assert read_refresh_token(token, [KEY, OTHER_KEY]) == (HANDLE, 3)

    @pytest.mark.parametrize(
        "token",
        [
            "",
            ".",
            "..",
            f"{HANDLE}.3.",
            derive_refresh_token(HANDLE, 3, OTHER_KEY),
            derive_refresh_token(HANDLE, 3, KEY).replace(".3.", ".4."),
            derive_refresh_token(HANDLE, 3, KEY)[:-1],
            derive_refresh_token(HANDLE, 3, KEY) + "=",
            derive_refresh_token(HANDLE, 3, KEY).replace("3c2c", "3C2C"),
            "\udcff.1.\udcff",
            "é.1.é",
            "9" * 5000 + ".1.x",
        ],
    )
    def test_refuses_what_no_accepted_key_made(self, token: str):
        with pytest.raises(InvalidRefreshToken):
            read_refresh_token(token, [KEY])

    def test_is_stored_as_a_hash_only(self):
        token = derive_refresh_token(HANDLE, 3, KEY)

        stored = hash_refresh_token(token)

        assert len(stored) == 64
        assert token.rsplit(".", 1)[1] not in stored
