"""The keys of one local stack: made at its first start, kept in its data directory, never elsewhere."""

import base64
import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

# Short, common and hard to mistake for one another when read aloud.
_WORD_LIST = """
acorn amber anchor apple arrow autumn badge bamboo basket beacon birch biscuit bottle branch bridge
bronze butter button cabin candle canvas carrot castle cedar cherry clover cobalt copper coral
cotton cradle cricket crystal dolphin ember falcon feather fennel ferry fiddle forest fossil garden
ginger glacier granite hammer harbor hazel helmet honey iris island ivory jacket jasmine juniper
kettle ladder lagoon lantern lemon lilac linen lizard magnet maple marble meadow melon mirror
mitten mosaic nectar needle nickel nutmeg oasis olive onyx orbit orchid otter paddle parcel pebble
pepper pigeon pillow planet plum pocket poplar puzzle quartz rabbit raven ribbon river rocket saddle
saffron salmon sandal scarlet shadow silver sparrow spiral summit sunset tablet thistle thunder
timber tomato tulip tunnel turtle velvet violet walnut willow window winter wisdom yarrow zephyr
"""
_WORDS = _WORD_LIST.split()


def _token(byte_count: int = 32) -> str:
    return secrets.token_urlsafe(byte_count)


def _password_keys() -> str:
    return "k1:" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


def _passphrase() -> str:
    return "-".join(secrets.choice(_WORDS) for _ in range(5))


@dataclass(frozen=True, kw_only=True)
class Keys:
    """Every secret of a stack. A field that an older file lacks is made when it is read."""

    publishable_key: str = field(default_factory=lambda: "sb_publishable_" + _token(24))
    secret_key: str = field(default_factory=lambda: "sb_secret_" + _token(24))
    jwt_secret: str = field(default_factory=_token)
    url_signing_key: str = field(default_factory=_token)
    postgres_password: str = field(default_factory=_token)
    access_token_key: str = field(default_factory=lambda: _token(48))
    refresh_token_key: str = field(default_factory=lambda: _token(48))
    password_keys: str = field(default_factory=_password_keys)
    throttle_key: str = field(default_factory=_token)
    cron_secret: str = field(default_factory=_token)
    demo_passphrase: str = field(default_factory=_passphrase)


def load_keys(path: Path) -> Keys:
    """Return the keys kept at `path`; make them if this is the first start."""
    kept = json.loads(path.read_text()) if path.exists() else {}
    keys = Keys(**kept)
    if asdict(keys) != kept:
        new = path.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(json.dumps(asdict(keys), indent=2))
        new.replace(path)
    return keys
