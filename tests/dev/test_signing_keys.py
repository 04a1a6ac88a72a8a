"""Keys are made, imported and replaced while everybody stays signed in."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dev.new_keys import KeyMistake, make_signing_key, public_part
from dev.serving import serve
from dev.signing_keys import main, run
from dev.supabase_project import ProjectRefused, project_ref
from tests.accounts import COOKIE, bear, new_user, refresh, sign_in, slug
from tests.conftest import Configuration

REF = "abcdefghijklmnopqrst"


@dataclass
class HostedProject:
    """Supabase's Management API for one project, as far as it is documented: keys and their states."""

    keys: list[dict[str, Any]] = field(default_factory=list)
    token: str = "sbp_right"

    def application(self) -> Starlette:
        path = f"/v1/projects/{REF}/config/auth/signing-keys"
        return Starlette(
            routes=[
                Route(path, self._list_or_add, methods=["GET", "POST"]),
                Route(path + "/{id}", self._change, methods=["PATCH"]),
                Route("/auth/v1/.well-known/jwks.json", self._publish),
            ]
        )

    async def _list_or_add(self, request: Request) -> Response:
        if request.headers["authorization"] != f"Bearer {self.token}":
            return JSONResponse({"message": "Unauthorized"}, 401)
        if request.method == "GET":
            return JSONResponse({"keys": self.keys})
        if any(key["status"] == "standby" for key in self.keys):
            return JSONResponse({"message": "already has a signing key in standby"}, 422)
        self.keys.append(self._new(await request.json()))
        return JSONResponse(self.keys[-1], 201)

    def _new(self, body: dict[str, Any]) -> dict[str, Any]:
        jwk = body["private_jwk"]
        shown = {"id": f"id-{len(self.keys)}", "public_jwk": public_part(jwk)}
        return {**shown, "algorithm": body["algorithm"], "status": body["status"]}

    async def _change(self, request: Request) -> Response:
        [key] = [key for key in self.keys if key["id"] == request.path_params["id"]]
        status = (await request.json())["status"]
        if status == "in_use":
            for other in self.keys:
                if other["status"] == "in_use":
                    other["status"] = "previously_used"
        key["status"] = status
        return JSONResponse(key)

    async def _publish(self, _: Request) -> Response:
        trusted = [key["public_jwk"] for key in self.keys if key["status"] != "revoked"]
        return JSONResponse({"keys": trusted})


@pytest.fixture
def hosted() -> HostedProject:
    return HostedProject()


@pytest.fixture
def environment(hosted: HostedProject) -> Iterator[dict[str, str]]:
    with serve(hosted.application()) as url:
        yield {
            "SUPABASE_URL": url,
            "SUPABASE_API_URL": url,
            "SUPABASE_PROJECT": REF,
            "SUPABASE_ACCESS_TOKEN": hosted.token,
            "DATABASE_TOKEN_KEY": json.dumps(make_signing_key()),
        }


class TestTheKeyOfDatabaseTokens:
    def test_is_made_as_a_line_of_the_environment(self) -> None:
        said = run("make", [], {})

        name, _, value = said.splitlines()[0].partition("=")
        jwk = json.loads(value)
        assert name == "DATABASE_TOKEN_KEY"
        assert (jwk["kty"], jwk["crv"], jwk["alg"]) == ("EC", "P-256", "ES256")
        assert jwk["d"] not in said.splitlines()[2]

    def test_is_another_one_each_time(self) -> None:
        first, second = make_signing_key(), make_signing_key()

        assert (first["kid"], first["d"]) != (second["kid"], second["d"])

    def test_is_imported_put_to_use_and_the_old_one_revoked(
        self, hosted: HostedProject, environment: dict[str, str]
    ) -> None:
        old = environment["DATABASE_TOKEN_KEY"]
        new = json.dumps(make_signing_key())
        run("import", [], environment)
        run("rotate", [], environment)
        environment["DATABASE_TOKEN_KEY"] = new

        run("import", [], environment)
        in_between = [run("check", [], environment | {"DATABASE_TOKEN_KEY": k}) for k in (old, new)]
        run("rotate", [], environment)
        still = run("check", [], environment | {"DATABASE_TOKEN_KEY": old})
        run("revoke", [], environment)

        assert all(said.startswith("Supabase trusts the key ") for said in [*in_between, still])
        assert [key["status"] for key in hosted.keys] == ["revoked", "in_use"]
        with pytest.raises(KeyMistake, match="not "):
            run("check", [], environment | {"DATABASE_TOKEN_KEY": old})

    def test_is_not_imported_twice(
        self, hosted: HostedProject, environment: dict[str, str]
    ) -> None:
        run("import", [], environment)

        said = run("import", [], environment)

        assert said.endswith("already.")
        assert len(hosted.keys) == 1

    def test_that_is_not_in_use_lets_none_be_revoked(self, environment: dict[str, str]) -> None:
        run("import", [], environment)

        with pytest.raises(KeyMistake, match="`rotate` first"):
            run("revoke", [], environment)

    def test_that_has_the_name_of_another_is_seen(
        self, hosted: HostedProject, environment: dict[str, str]
    ) -> None:
        kid = json.loads(environment["DATABASE_TOKEN_KEY"])["kid"]
        other = public_part(make_signing_key() | {"kid": kid})
        hosted.keys.append({"id": "1", "public_jwk": other, "status": "in_use"})

        with pytest.raises(KeyMistake, match="another key under the name"):
            run("check", [], environment)

    @pytest.mark.parametrize(
        ("key", "complaint"),
        [
            ("", "no JWK"),
            ("a secret of more than thirty-two bytes", "no JWK"),
            (json.dumps(public_part(make_signing_key())), "private"),
            (json.dumps({**make_signing_key(), "kid": ""}), "no `kid`"),
        ],
    )
    def test_that_is_none_is_named(
        self, environment: dict[str, str], key: str, complaint: str
    ) -> None:
        with pytest.raises(KeyMistake, match=complaint):
            run("import", [], environment | {"DATABASE_TOKEN_KEY": key})

    def test_needs_the_right_access_token(self, environment: dict[str, str]) -> None:
        with pytest.raises(ProjectRefused, match="SUPABASE_ACCESS_TOKEN"):
            run("import", [], environment | {"SUPABASE_ACCESS_TOKEN": "sbp_wrong"})

    def test_belongs_to_the_project_that_the_address_names(self) -> None:
        assert project_ref(f"https://{REF}.supabase.co") == REF
        with pytest.raises(ProjectRefused):
            project_ref("http://127.0.0.1:54321")


class TestOurOwnKeys:
    def test_a_new_one_stands_in_front(self) -> None:
        said = run("add", ["ACCESS_TOKEN_KEYS"], {"ACCESS_TOKEN_KEYS": "old older"})

        name, _, value = said.partition("=")
        new, *others = value.split()
        assert (name, others) == ("ACCESS_TOKEN_KEYS", ["old", "older"])
        assert len(new) >= 32

    def test_a_password_key_has_an_id_of_its_own(self) -> None:
        said = run("add", ["PASSWORD_KEYS"], {"PASSWORD_KEYS": "k1:AAAA k3:BBBB"})

        assert said.startswith("PASSWORD_KEYS=k2:")

    def test_the_oldest_one_goes(self) -> None:
        said = run("drop", ["REFRESH_TOKEN_KEYS"], {"REFRESH_TOKEN_KEYS": "new old"})

        assert said == "REFRESH_TOKEN_KEYS=new"

    def test_the_only_one_stays(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ACCESS_TOKEN_KEYS", "only")

            code = main(["drop", "ACCESS_TOKEN_KEYS"])

        assert (code, capsys.readouterr().err) == (
            1,
            "The only key cannot be dropped: add one first.\n",
        )

    def test_a_new_deployment_gets_all_it_needs(self) -> None:
        said = run("env", ["ACCESS_TOKEN_KEYS", "THROTTLE_KEY", "PASSWORD_KEYS"], {})

        assert [line.partition("=")[0] for line in said.splitlines()] == [
            "ACCESS_TOKEN_KEYS",
            "THROTTLE_KEY",
            "PASSWORD_KEYS",
        ]


def replaced(name: str, keys: tuple[str, ...], action: str) -> tuple[str, ...]:
    said = run(action, [name], {name: " ".join(keys)})
    return tuple(said.partition("=")[2].split())


class TestTheDrill:
    def test_everybody_stays_signed_in(
        self, client: httpx.Client, configuration: Configuration
    ) -> None:
        new_user(client)
        old = dict(client.headers), client.cookies[COOKIE]
        settings = configuration.settings
        both_access = replaced("ACCESS_TOKEN_KEYS", settings.access_token_keys, "add")
        both_refresh = replaced("REFRESH_TOKEN_KEYS", settings.refresh_token_keys, "add")

        configuration.change(access_token_keys=both_access, refresh_token_keys=both_refresh)
        with_the_old = client.get("/api/auth/me")
        renewed = refresh(client)
        bear(client, renewed)
        with_the_new = client.get("/api/auth/me")
        configuration.change(
            access_token_keys=replaced("ACCESS_TOKEN_KEYS", both_access, "drop"),
            refresh_token_keys=replaced("REFRESH_TOKEN_KEYS", both_refresh, "drop"),
        )

        assert (with_the_old.status_code, renewed.status_code) == (200, 200)
        assert with_the_new.status_code == 200
        assert client.get("/api/auth/me").status_code == 200
        assert refresh(client).status_code == 200
        refused = client.get("/api/auth/me", headers={"Authorization": old[0]["authorization"]})
        assert slug(refused) == "invalid-access-token"
        assert slug(refresh(client, old[1])) == "invalid-refresh-token"

    def test_passwords_move_to_the_new_key_at_the_next_sign_in(
        self, client: httpx.Client, configuration: Configuration
    ) -> None:

        username = new_user(client)
        both = replaced("PASSWORD_KEYS", configuration.settings.password_keys, "add")

        configuration.change(password_keys=both)
        in_between = sign_in(client, username)
        configuration.change(password_keys=replaced("PASSWORD_KEYS", both, "drop"))

        assert in_between.status_code == 200
        assert sign_in(client, username).status_code == 200
