"""What a running Lectern says: health, headers, CORS, the page, and what a visit shows."""

from collections.abc import Awaitable
from http import HTTPStatus

import httpx

from dev.doctor.findings import Finding, is_public, ok, origin, wrong
from dev.doctor.visiting import Visitor, read_json, visit
from dev.page_policy import NOWHERE, reached_by
from lib.settings import Settings

FUNCTIONS = ("auth", "upload", "query", "history", "jobs")
_STRANGER = "https://stranger.example"
_HEADERS = (
    *("cache-control", "content-security-policy", "referrer-policy"),
    *("x-content-type-options", "x-frame-options", "x-request-id", "server-timing"),
)


async def check(
    url: str, settings: Settings | None, http: httpx.AsyncClient, visitor: Visitor
) -> list[Finding]:
    try:
        findings = [await _health(url, name, http) for name in FUNCTIONS]
    except httpx.HTTPError as error:
        told = f"{url} does not answer ({type(error).__name__})."
        return [wrong("PUBLIC_URL", told, "is it deployed, and is this its address?")]
    if all(finding.verdict == "wrong" for finding in findings):
        return findings
    findings.append(await _or_silence("deep health", _database(url, http)))
    findings.append(await _or_silence("headers", _headers(url, http)))
    findings.append(await _or_silence("CORS", _cors(url, settings, http)))
    findings.append(await _or_silence("page", _page(url, settings, http)))
    return findings + await visit(url, http, visitor)


async def _or_silence(subject: str, look: Awaitable[Finding]) -> Finding:
    """Return what a look finds, or that no answer came to it."""
    try:
        return await look
    except httpx.HTTPError as error:
        do = "look at the log of the functions, and at what stands before them."
        return wrong(subject, f"no whole answer came ({type(error).__name__}).", do)


async def _health(url: str, name: str, http: httpx.AsyncClient) -> Finding:
    answer = await http.get(f"{url}/api/{name}/health")
    if answer.is_success and read_json(answer).get("function") == name:
        return ok(f"function {name}", "runs")
    told = f"its health answers {answer.status_code}."
    return wrong(f"function {name}", told, "look at its log; a missing setting is named there.")


async def _database(url: str, http: httpx.AsyncClient) -> Finding:
    answer = await http.get(f"{url}/api/history/health/deep")
    if answer.is_success:
        return ok("deep health", "the database answers the functions")
    told = f"answers {answer.status_code}: the functions do not reach the database."
    return wrong("deep health", told, "compare SUPABASE_URL and SUPABASE_SECRET_KEY as deployed.")


async def _headers(url: str, http: httpx.AsyncClient) -> Finding:
    answer = await http.get(f"{url}/api/auth/me")
    wanted = (*_HEADERS, "strict-transport-security") if url.startswith("https:") else _HEADERS
    missing = [name for name in wanted if name not in answer.headers]
    if answer.status_code != HTTPStatus.UNAUTHORIZED:
        told = f"without a token /api/auth/me answers {answer.status_code}, not 401."
        return wrong("headers", told, "look at what stands before the functions.")
    if missing:
        do = "have what stands before the functions leave them alone."
        return wrong("headers", f"{', '.join(missing)} do not arrive.", do)
    return ok("headers", f"all {len(wanted)} of ours arrive")


async def _cors(url: str, settings: Settings | None, http: httpx.AsyncClient) -> Finding:
    stranger = await _preflight(url, _STRANGER, http)
    if stranger in ("*", _STRANGER):
        do = "name the origins in ALLOWED_ORIGINS; the platform must not add headers of its own."
        return wrong("CORS", f"any origin may call ({stranger}).", do)
    origins = settings.allowed_origins if settings else ()
    refused = [each for each in origins if await _preflight(url, each, http) != each]
    if refused:
        told = f"refused, though in ALLOWED_ORIGINS: {', '.join(refused)}."
        return wrong("CORS", told, "deploy again with this setting.")
    return ok("CORS", "a stranger's origin is refused")


async def _preflight(url: str, origin: str, http: httpx.AsyncClient) -> str | None:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    answer = await http.options(f"{url}/api/auth/login", headers=headers)
    return answer.headers.get("access-control-allow-origin")


async def _page(url: str, settings: Settings | None, http: httpx.AsyncClient) -> Finding:
    answer = await http.get(f"{url}/")
    return judge_page(url, answer.text, settings.supabase_url if settings else "")


def judge_page(url: str, page: str, supabase_url: str) -> Finding:
    """Hold what the page may reach against where its files go, if SUPABASE_URL is known."""
    reached, storage = reached_by(page), origin(supabase_url)
    if not reached and not is_public(url):
        return ok("page", "is not built on this machine")
    if not reached:
        return wrong("page", "is not what / shows.", "deploy it, too; make web builds it.")
    if NOWHERE in reached:
        told = "was built without SUPABASE_URL: no file can be sent."
    elif storage and storage not in reached:
        told = f"reaches {' and '.join(reached)}, not {storage}: no file can be sent."
    else:
        return ok("page", f"reaches {' and '.join(reached)}")
    do = "build it with the SUPABASE_URL of the functions, and deploy it again."
    return wrong("page", told, do)
