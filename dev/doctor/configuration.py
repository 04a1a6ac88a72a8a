"""What can be said of the settings without asking anybody."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields

from dev.doctor.findings import Finding, is_public, ok, origin, wrong
from dev.new_keys import KeyMistake, read_signing_key
from lib.settings import Settings, SettingsError, read_settings

_MIN_SECRET_CHARACTERS = 32
_MIN_CODE_CHARACTERS = 8
# Long enough and of the right form for every setting, so that one at a time can be tried.
_PLACEHOLDER = "k1:" + "A" * 43
_MADE_BY_US = (
    *("ACCESS_TOKEN_KEYS", "REFRESH_TOKEN_KEYS", "PASSWORD_KEYS", "THROTTLE_KEY", "CRON_SECRET"),
    "SIGNUP_CODE",
)


def check(environment: Mapping[str, str]) -> tuple[list[Finding], Settings | None]:
    """Return what there is to say of the settings, and the settings if they can be read at all."""
    unreadable = list(_check_each(environment))
    if unreadable:
        return unreadable, None
    settings = read_settings(dict(environment))
    own = sum(bool(environment.get(each.name.upper(), "").strip()) for each in fields(Settings))
    found = [ok("settings", f"complete: {own} are set, the others have their defaults")]
    checks = (_addresses, _api_keys, _token_key, _secrets, _entrance)
    mistakes = [finding for each in checks for finding in each(settings)]
    return found + mistakes, settings


def _check_each(environment: Mapping[str, str]) -> Iterator[Finding]:
    required = {f.name.upper(): _PLACEHOLDER for f in fields(Settings) if f.default is MISSING}
    for setting in fields(Settings):
        name = setting.name.upper()
        value = environment.get(name, "")
        try:
            read_settings(required | {name: value})
        except SettingsError:
            told = "cannot be used as it is" if value.strip() else "is not set"
            yield wrong(name, f"{told}. It is: {setting.metadata['meaning']}.", _source(name))


def _source(name: str) -> str:
    if name in _MADE_BY_US:
        return f"python -m dev.signing_keys env {name}"
    if name == "DATABASE_TOKEN_KEY":
        return "python -m dev.signing_keys make"
    if name.startswith("SUPABASE_"):
        return "copy it from the project's dashboard, Project Settings > API Keys."
    return "set it; .env.example lists all settings."


def _addresses(settings: Settings) -> Iterator[Finding]:
    for name, url in (("SUPABASE_URL", settings.supabase_url), ("PUBLIC_URL", settings.public_url)):
        if origin(url) != url:
            yield wrong(
                name, f"{url} is no bare origin.", f"set it to {origin(url) or 'https://…'}"
            )
        elif is_public(url) and not url.startswith("https://"):
            yield wrong(name, f"{url} is not encrypted.", "use the https address.")
    for each in settings.allowed_origins:
        if origin(each) != each:
            do = "name each origin as https://host, without a path."
            yield wrong("ALLOWED_ORIGINS", f"{each} is no origin.", do)
    if is_public(settings.public_url) and not settings.client_address_header:
        yield wrong(
            "CLIENT_ADDRESS_HEADER",
            "is not set: all visitors seem to have one address, and lock each other out.",
            "set it to x-vercel-forwarded-for on Vercel, X-Client-Address behind our CloudFront.",
        )


def _api_keys(settings: Settings) -> Iterator[Finding]:
    pairs = (
        ("SUPABASE_PUBLISHABLE_KEY", settings.supabase_publishable_key, "publishable"),
        ("SUPABASE_SECRET_KEY", settings.supabase_secret_key, "secret"),
    )
    for name, key, kind in pairs:
        do = f"copy the {kind} key, sb_{kind}_…, from Project Settings > API Keys."
        if (role := _legacy_role(key)) is not None:
            yield wrong(name, f"is a legacy key ({role}), which cannot be revoked alone.", do)
        elif not key.startswith(f"sb_{kind}_"):
            other = "secret" if kind == "publishable" else "publishable"
            is_other = key.startswith(f"sb_{other}_")
            told = f"is the {other} key: the two are swapped." if is_other else "is no such key."
            yield wrong(name, told, do)


def _legacy_role(key: str) -> str | None:
    """Return the role in a JWT, which the API keys of older projects are; None for anything else."""
    try:
        payload = key.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["role"])
    except (IndexError, KeyError, TypeError, ValueError):
        return None


def _token_key(settings: Settings) -> Iterator[Finding]:
    key = settings.database_token_key
    if not key.startswith("{"):
        if len(key.encode()) < _MIN_SECRET_CHARACTERS:
            told = f"is a secret of {len(key.encode())} bytes; HS256 needs 32."
            yield wrong("DATABASE_TOKEN_KEY", told, "python -m dev.signing_keys make")
        elif is_public(settings.supabase_url):
            yield wrong(
                "DATABASE_TOKEN_KEY",
                "is a shared secret: whoever has it can be any user, the service included.",
                "python -m dev.signing_keys make, then import; revoke the legacy secret.",
            )
        return
    try:
        read_signing_key(key)
    except KeyMistake as mistake:
        yield wrong("DATABASE_TOKEN_KEY", "cannot sign.", str(mistake))


def _secrets(settings: Settings) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for setting in fields(Settings):
        if not setting.metadata["secret"]:
            continue
        value = getattr(settings, setting.name)
        for key in (value,) if isinstance(value, str) else value:
            name = setting.name.upper()
            if key and (other := seen.setdefault(key, name)) != name:
                told = f"is the same key as {other}: who learns one has both."
                yield wrong(name, told, _source(name))


def _entrance(settings: Settings) -> Iterator[Finding]:
    is_code = settings.signup == "code"
    if is_code and len(settings.signup_code) < _MIN_CODE_CHARACTERS:
        told = f"has {len(settings.signup_code)} characters: it can be guessed."
        yield wrong("SIGNUP_CODE", told, "python -m dev.signing_keys env SIGNUP_CODE")
    elif settings.signup == "open" and is_public(settings.public_url):
        yield wrong(
            "SIGNUP",
            f"is open, and {settings.public_url} is public: anybody can spend your tokens.",
            "set SIGNUP=code and SIGNUP_CODE, or SIGNUP=closed.",
        )
    else:
        yield ok("SIGNUP", f"is {settings.signup}, at {settings.public_url}")
