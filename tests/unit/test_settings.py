"""Keys among the settings: several at once, none that is too short."""

import base64
from typing import Any

import pytest

from lib.settings import SettingsError, read_setting, read_settings

KEY = "k" * 32
NAMED_KEY = "k1:" + base64.urlsafe_b64encode(b"\xff" * 32).decode().rstrip("=")


def environment(**changes: str) -> dict[str, str]:
    return {
        "SUPABASE_URL": "http://127.0.0.1:1",
        "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_x",
        "SUPABASE_SECRET_KEY": "sb_secret_x",
        "DATABASE_TOKEN_KEY": KEY,
        "ACCESS_TOKEN_KEYS": KEY,
        "REFRESH_TOKEN_KEYS": KEY,
        "PASSWORD_KEYS": NAMED_KEY,
        "THROTTLE_KEY": KEY,
        "CRON_SECRET": KEY,
        "OPENAI_API_KEY": "x",
        "PUBLIC_URL": "http://127.0.0.1:8000",
        **changes,
    }


def test_several_keys_are_words():
    settings = read_settings(environment(ACCESS_TOKEN_KEYS=f"{'n' * 32} {KEY}"))

    assert settings.access_token_keys == ("n" * 32, KEY)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ACCESS_TOKEN_KEYS", "k" * 31),
        ("ACCESS_TOKEN_KEYS", f"{KEY} short"),
        ("REFRESH_TOKEN_KEYS", "k" * 31),
        ("THROTTLE_KEY", "k" * 31),
        ("CRON_SECRET", "k" * 31),
        ("ALLOWED_ORIGINS", "https://lectern.example *"),
        ("PASSWORD_KEYS", "k1:" + "A" * 42),
        ("PASSWORD_KEYS", KEY + KEY),
        ("PASSWORD_KEYS", ":" + "A" * 43),
        ("PASSWORD_KEYS", "k$1:" + "A" * 43),
        ("PASSWORD_KEYS", "k1:" + "!" * 43),
        ("PASSWORD_KEYS", "k1:" + "A" * 45),
        ("BCRYPT_COST", "33"),
        ("BCRYPT_COST", "-3"),
        ("BCRYPT_COST", "abc"),
    ],
)
def test_a_malformed_value_is_refused_by_name(name: str, value: str):
    changes: dict[str, Any] = {name: value}

    with pytest.raises(SettingsError, match=name) as refusal:
        read_settings(environment(**changes))

    assert value not in str(refusal.value)


def test_every_origin_at_once_is_refused_with_what_to_name():
    with pytest.raises(SettingsError, match="each as https://host; never") as refusal:
        read_settings(environment(ALLOWED_ORIGINS="*"))

    assert "ALLOWED_ORIGINS" in str(refusal.value)


def test_no_key_is_shown():
    settings = read_settings(environment())

    assert KEY not in repr(settings)
    assert NAMED_KEY not in repr(settings)


def test_one_setting_is_read_alone_and_as_among_all():
    assert read_setting("PASSWORD_KEYS", {"PASSWORD_KEYS": NAMED_KEY}) == (NAMED_KEY,)
    assert read_setting("BCRYPT_COST", {"BCRYPT_COST": " "}) == 10
    with pytest.raises(SettingsError, match="THROTTLE_KEY is not set"):
        read_setting("THROTTLE_KEY", {})
