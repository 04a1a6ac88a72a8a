"""The only reader of the environment: every setting, its type, its default and its meaning."""

import base64
import binascii
import functools
import os
from collections.abc import Mapping
from dataclasses import MISSING, Field, field, fields
from datetime import timedelta
from typing import Any, Literal, cast, get_args, get_origin

from lib.domain.records import record


class SettingsError(Exception):
    """A setting is missing or has a value that cannot be used; the message names it."""

    tells_no_data = True  # so the log may show it


# As long as what HMAC-SHA256 makes: a shorter key is easier to guess than the hash (RFC 7518, 3.2).
_MIN_KEY_BYTES = 32


def _setting(
    meaning: str,
    default: Any = MISSING,
    *,
    secret: bool = False,
    key: Literal["bare", "named"] | None = None,
    within: range | None = None,
    never: str | None = None,
) -> Any:
    metadata = {
        "meaning": meaning,
        "secret": secret,
        "key": key,
        "within": within,
        "never": never,
    }
    if default is MISSING:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


@record
class Settings:
    """One field per environment variable of the same name in upper case.

    Durations are read as whole seconds, lists as words separated by spaces. What has no default
    must be set; no secret has one.
    """

    # Supabase
    supabase_url: str = _setting("Address of the Supabase project")
    supabase_publishable_key: str = _setting(
        "Publishable key: what a user's requests are sent with"
    )
    supabase_secret_key: str = _setting(
        "Secret key: sign-in, jobs, signed URLs and the writing of pages", secret=True
    )
    database_token_key: str = _setting(
        "Key that signs database tokens: an ES256 JWK with kid, or an HS256 secret", secret=True
    )
    storage_bucket: str = _setting("Bucket of the uploaded files", "files")

    # Keys of our own
    access_token_keys: tuple[str, ...] = _setting(
        "HS256 keys of access tokens, each at least 32 bytes; the first one signs",
        secret=True,
        key="bare",
    )
    refresh_token_keys: tuple[str, ...] = _setting(
        "Keys that refresh tokens are derived with, each at least 32 bytes; the first one is used for new tokens",
        secret=True,
        key="bare",
    )
    password_keys: tuple[str, ...] = _setting(
        "Keys of the password pre-hash, `id:base64url`, each at least 32 bytes; the first one is used for new hashes",
        secret=True,
        key="named",
    )
    throttle_key: str = _setting(
        "Key of the hashes under which failures are counted, at least 32 bytes",
        secret=True,
        key="bare",
    )
    cron_secret: str = _setting(
        "Bearer secret of GET /api/jobs/run, at least 32 bytes", secret=True, key="bare"
    )

    # The model
    openai_base_url: str = _setting("Any OpenAI-compatible endpoint", "https://api.openai.com/v1")
    openai_api_key: str = _setting("Key of that endpoint", secret=True)
    chat_model: str = _setting("Model that answers", "gpt-5-mini")
    embedding_model: str = _setting("Model that embeds", "text-embedding-3-small")
    embedding_languages: tuple[str, ...] = _setting(
        "Languages that the embedding model is good at, or `all`", ("all",)
    )

    # Who may come in
    signup: Literal["open", "code", "closed"] = _setting("Who may register", "closed")
    signup_code: str = _setting(
        "The code that register asks for where SIGNUP=code", "", secret=True
    )
    allowed_origins: tuple[str, ...] = _setting(
        "Other origins that may call the API (CORS), each as https://host; never *", (), never="*"
    )
    client_address_header: str = _setting("The one header trusted for the client's address", "")
    public_url: str = _setting("Address of Lectern itself; https makes the cookie Secure")
    origin_secrets: tuple[str, ...] = _setting(
        "What the CDN in front must send in X-Origin-Secret, any of them; without one, no CDN is expected",
        (),
        secret=True,
        key="bare",
    )
    ssm_prefix: str = _setting(
        "Path in AWS's Parameter Store, such as /lectern/prod, where further settings lie", ""
    )

    # Passwords and sessions
    password_min_characters: int = _setting("Shortest password", 15)
    bcrypt_cost: int = _setting(
        "Cost of new password hashes; older ones are raised at sign-in",
        10,
        within=range(4, 32),  # what bcrypt takes
    )
    access_token_lifetime: timedelta = _setting("Life of an access token", timedelta(minutes=10))
    session_idle_lifetime: timedelta = _setting(
        "A session unused for so long is over", timedelta(days=14)
    )
    session_lifetime: timedelta = _setting("A session is over after so long", timedelta(days=90))

    # Files
    max_file_bytes: int = _setting("Largest file", 50 * 1024 * 1024)
    max_file_pages: int = _setting("Most pages in a file", 1_000)
    max_files_per_user: int = _setting("Most files of one user", 200)
    max_bytes_per_user: int = _setting("Most bytes of one user", 1024 * 1024 * 1024)
    # The 200 files at 60 pages each, and looked at in some 40 ms of a processor (docs/scale.md).
    max_chunks_per_user: int = _setting(
        "Most chunks in one user's files: a question looks at all of them",
        20_000,
    )
    ingestion_slice: timedelta = _setting(
        "Longest work of one ingest request", timedelta(seconds=15)
    )

    # Questions
    daily_queries_per_user: int = _setting("Questions of one user a day", 100)
    daily_tokens_per_user: int = _setting("Tokens of one user a day", 1_000_000)
    daily_tokens: int = _setting("Tokens of the whole deployment a day", 20_000_000)
    max_streams_per_user: int = _setting("Questions of one user at the same time", 2)
    max_response_tokens: int = _setting(
        "Longest answer, the thinking of a reasoning model included", 4_000
    )
    answer_deadline: timedelta = _setting(
        "An answer is cut off after so long", timedelta(seconds=120)
    )

    # Observability
    otel_exporter_otlp_endpoint: str = _setting(
        "Where spans go by OTLP over HTTP, if anywhere; needs the dependency group `telemetry`", ""
    )
    otel_exporter_otlp_headers: str = _setting(
        "What that endpoint asks for, `name=value` with commas between", "", secret=True
    )


def _parse(kind: Any, text: str) -> Any:
    if kind is int:
        return int(text)
    if kind is timedelta:
        return timedelta(seconds=int(text))
    if get_origin(kind) is tuple:
        return tuple(text.split())
    if get_origin(kind) is Literal and text not in get_args(kind):
        raise ValueError(f"must be one of {', '.join(get_args(kind))}")
    return text


def _key_bytes(key: str, form: str) -> int:
    if form == "bare":
        return len(key.encode())
    name, _, encoded = key.partition(":")
    if not name or "$" in name:
        raise ValueError("a key without a usable id")
    try:
        return len(base64.b64decode(encoded + "=" * (-len(encoded) % 4), b"-_", validate=True))
    except binascii.Error as error:
        raise ValueError("not base64url") from error


def _check_keys(value: str | tuple[str, ...], form: str) -> None:
    keys = (value,) if isinstance(value, str) else value
    if any(_key_bytes(key, form) < _MIN_KEY_BYTES for key in keys):
        raise ValueError("a key is too short")


def _check(value: Any, metadata: Mapping[str, Any]) -> None:
    if form := metadata["key"]:
        _check_keys(value, form)
    if (within := metadata["within"]) and value not in within:
        raise ValueError(f"must be from {within[0]} to {within[-1]}")
    if (never := metadata["never"]) and never in value:
        raise ValueError(f"may not be {never}")


def _read(setting: Field[Any], environment: Mapping[str, str]) -> Any:
    name, meaning = setting.name.upper(), setting.metadata["meaning"]
    text = environment.get(name, "").strip()
    if not text:
        if setting.default is MISSING:
            raise SettingsError(f"{name} is not set. It is: {meaning}.")
        return setting.default
    try:
        value = _parse(cast("Any", setting.type), text)
        _check(value, setting.metadata)
    except ValueError as error:
        raise SettingsError(f"{name} cannot be read. It is: {meaning}.") from error
    return value


def read_setting(name: str, environment: Mapping[str, str]) -> Any:
    """Read one setting, for a tool that needs no other.

    Raises:
        SettingsError: It is missing or malformed. The message never holds a value.
    """
    [setting] = (setting for setting in fields(Settings) if setting.name.upper() == name)
    return _read(setting, environment)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from `environment`; an empty value counts as absent.

    Raises:
        SettingsError: One is missing or malformed. The message never holds a value.
    """
    return Settings(**{setting.name: _read(setting, environment) for setting in fields(Settings)})


def gather_settings(environment: dict[str, str]) -> dict[str, str]:
    """Return `environment` with what lies under its SSM_PREFIX; what it says itself comes first.

    Raises:
        ParametersUnavailable: AWS does not give the parameters.
    """
    prefix = environment.get("SSM_PREFIX", "").strip()
    if not prefix:
        return environment
    # Only where it is wanted: Vercel and the local stack have no such thing.
    from lib.adapters.parameter_store import read_parameters  # noqa: PLC0415

    said = {name: value for name, value in environment.items() if value.strip()}
    return read_parameters(prefix, environment) | said


@functools.cache
def get_settings() -> Settings:
    """Return this process's settings, read once; a failure is not remembered."""
    return read_settings(gather_settings(dict(os.environ)))
