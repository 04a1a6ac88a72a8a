"""What the Supabase project says: keys, migrations, doors, bucket and clock."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx

from dev.doctor import room, storage
from dev.doctor.findings import Finding, ok, unknown, wrong
from dev.processes import ROOT
from lib.domain.identities import Identity
from lib.domain.tokens import mint_database_token
from lib.settings import Settings

# PostgREST forgives 30 s, and a database token lives 120.
_MOST_SKEW_SECONDS = 10
# No user has this id: the token is good, and there is nothing it could show.
_NOBODY = Identity(user_id=999_999_999_999_999, session_id=1)
_REQUEST_ID = str(uuid.uuid4())
_PUSH = "npx supabase link --project-ref <ref>, then npx supabase db push --remote"
_CLOSE = "drop what was added by hand, or protect it as the migrations do."

Report = dict[str, Any]


async def check(
    settings: Settings, http: httpx.AsyncClient, plan: str = ""
) -> tuple[list[Finding], Report | None]:
    """Return what is to be said, and the report of the database if it gives one.

    Args:
        settings: Of the project to ask.
        http: To ask it with.
        plan: The name of the project's plan; empty if nobody said.
    """
    findings: list[Finding] = []
    report: Report | None = None
    try:
        answer = await _call(settings, http, "doctor_report", settings.supabase_secret_key)
        findings += [_secret_key(answer), await _publishable_key(settings, http)]
        findings += await _token_key(settings, http)
        findings.append(_clock(answer))
        if answer.is_success:
            report = answer.json()
    except httpx.HTTPError as error:
        told = f"{settings.supabase_url} does not answer ({type(error).__name__})."
        do = "is the address right? A free project that fell asleep is woken in its dashboard."
        return [*findings, wrong("SUPABASE_URL", told, do)], None
    except ValueError:
        told = f"{settings.supabase_url} does not answer as a Data API does."
        return [*findings, wrong("SUPABASE_URL", told, "is this a Supabase project?")], None
    if report:
        findings += [_migrations(report), *_doors(report), _bucket(report, settings), _ids(report)]
        findings.append(room.check(report["usage"], settings.supabase_url, plan))
        findings.append(await storage.check(settings, http))
    return findings, report


async def _call(
    settings: Settings, http: httpx.AsyncClient, function: str, key: str, token: str = ""
) -> httpx.Response:
    arguments = {
        "doctor_report": {"p_bucket": settings.storage_bucket},
        "list_files": {"p_cursor": None, "p_limit": 1},
    }
    headers = {"apikey": key, "X-Request-Id": _REQUEST_ID}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    url = f"{settings.supabase_url}/rest/v1/rpc/{function}"
    return await http.post(url, json=arguments[function], headers=headers)


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("code", ""))
    except (ValueError, AttributeError):
        return ""


def _secret_key(answer: httpx.Response) -> Finding:
    if answer.is_success:
        return ok("SUPABASE_SECRET_KEY", "opens the Data API as the service")
    code = _code(answer)
    if code == "PGRST202":
        return wrong("migrations", "the database has no doctor_report: not all are applied.", _PUSH)
    if code == "42501":
        do = "copy the secret key, sb_secret_…, from Project Settings > API Keys."
        return wrong("SUPABASE_SECRET_KEY", "is no secret key: the service may more.", do)
    if answer.status_code == HTTPStatus.UNAUTHORIZED:
        do = "copy the secret key, sb_secret_…, of this very project; it may have been revoked."
        return wrong("SUPABASE_SECRET_KEY", "Supabase does not know it.", do)
    told = f"the Data API answers {answer.status_code} {answer.text[:120]!r}."
    return wrong("SUPABASE_URL", told, "is this a Supabase project, and is it awake?")


async def _publishable_key(settings: Settings, http: httpx.AsyncClient) -> Finding:
    name, key = "SUPABASE_PUBLISHABLE_KEY", settings.supabase_publishable_key
    answer = await _call(settings, http, "doctor_report", key)
    if answer.is_success:
        do = "put the publishable key there: what is sent with users' requests must have no rights."
        return wrong(name, "opens what only the secret key may open.", do)
    if not _code(answer) and answer.status_code == HTTPStatus.UNAUTHORIZED:
        do = "copy the publishable key, sb_publishable_…, of this very project."
        return wrong(name, "Supabase does not know it.", do)
    return ok(name, "is known, and has no rights of its own")


async def _token_key(settings: Settings, http: httpx.AsyncClient) -> list[Finding]:
    name, now = "DATABASE_TOKEN_KEY", datetime.now(UTC)
    try:
        token = mint_database_token(_NOBODY, settings.database_token_key, now=now)
    except Exception as error:  # noqa: BLE001 - whatever a key that is none makes of it
        return [wrong(name, f"cannot sign ({error}).", "python -m dev.signing_keys make")]
    key = settings.supabase_publishable_key
    answer = await _call(settings, http, "list_files", key, token)
    if answer.is_success:
        return [ok(name, "the Data API trusts the tokens that it signs")]
    code = _code(answer)
    if code == "PGRST301":
        do = "python -m dev.signing_keys import, then wait 20 minutes; `check` tells."
        return [wrong(name, "the Data API does not trust what it signs.", do)]
    if code == "PGRST303":
        return [
            wrong(name, "its tokens are refused as expired or not yet valid.", "set the clock.")
        ]
    # Something else is in the way, and has been told.
    return []


def _clock(answer: httpx.Response) -> Finding:
    try:
        theirs = parsedate_to_datetime(answer.headers["date"])
        skew = (datetime.now(UTC) - theirs).total_seconds()
    except (KeyError, TypeError, ValueError):
        do = "have what stands before Supabase leave Date alone, or compare by hand."
        return unknown("clock", "Supabase's answer bears no date to compare with.", do)
    if abs(skew) > _MOST_SKEW_SECONDS:
        told = f"this machine's is {abs(skew):.0f} s {'ahead' if skew > 0 else 'behind'}."
        return wrong("clock", told, "set it by NTP: tokens live 120 s.")
    return ok("clock", f"within {max(1, round(abs(skew)))} s of Supabase's")


def _ids(report: Report) -> Finding:
    if report["request_id"] == _REQUEST_ID:
        return ok("request ids", "reach Postgres")
    told = f"do not reach Postgres, which sees {report['request_id']}."
    return wrong("request ids", told, "have what stands before Supabase leave X-Request-Id alone.")


def _migrations(report: Report) -> Finding:
    files = sorted((ROOT / "supabase" / "migrations").glob("*.sql"))
    wanted = {path.name.partition("_")[0] for path in files}
    applied = report["migrations"]
    if applied is None:
        return ok(
            "migrations", "run by hand: there is no history to compare, and the last one is there"
        )
    if missing := sorted(wanted - set(applied)):
        return wrong("migrations", f"{len(missing)} are not applied, first {missing[0]}.", _PUSH)
    if unknown := sorted(set(applied) - wanted):
        told = f"the database has {unknown[-1]}, which this version does not know."
        return wrong("migrations", told, "deploy the version that the database was made for.")
    return ok("migrations", f"all {len(wanted)} are applied, on Postgres {report['postgres']}")


def _doors(report: Report) -> Iterator[Finding]:
    meanings = {
        "tables_without_row_level_security": "has no row level security",
        "tables_users_may_write": "can be written past our functions",
        "functions_anybody_may_call": "can be called without signing in",
        "policies_on_stored_objects": "lets users reach stored files by their own right",
    }
    opened = [
        wrong(str(name), f"{meaning}.", _CLOSE)
        for door, meaning in meanings.items()
        for name in report["doors"][door]
    ]
    yield from opened or [ok("row level security", "on for every table; users may only select")]


def _bucket(report: Report, settings: Settings) -> Finding:
    name, bucket = f"bucket {settings.storage_bucket}", report["bucket"]
    if bucket is None:
        return wrong(name, "is not there.", _PUSH)
    if bucket["public"]:
        return wrong(name, "is public: whoever has a path has the file.", "make it private.")
    limit = bucket["file_size_limit"]
    if limit is None or limit < settings.max_file_bytes:
        told = f"takes {limit or 'what the project allows'} bytes, MAX_FILE_BYTES says {settings.max_file_bytes}."
        return wrong(name, told, "set the limit of the bucket to MAX_FILE_BYTES, or that lower.")
    if not bucket["allowed_mime_types"]:
        return wrong(name, "takes files of every type.", "set its types as the migration does.")
    return ok(
        name, f"private, to {limit / 2**20:.0f} MiB, {len(bucket['allowed_mime_types'])} types"
    )
