"""A secret that is planted is found, whatever file it stands in; the words for secrets are not."""

import base64
import secrets
from pathlib import Path

import jwt
import pytest

from dev.keys import Keys
from dev.secret_scan import find_secrets, main

# Made anew each time: a key that stood here would be found here.
PLANTED = {
    "Supabase secret key": f"SUPABASE_SECRET_KEY=sb_secret_{secrets.token_urlsafe(24)}",
    "Key of a model endpoint": f"key: sk-proj-{secrets.token_urlsafe(64)}",
    "Private JWK": f'{{"kty": "EC", "d": "{secrets.token_urlsafe(32)}"}}',
    "JSON Web Token": f"token = {jwt.encode({'role': 'service_role'}, secrets.token_bytes(32))}",
    "Private Key": f"-----BEGIN {'EC'} PRIVATE KEY-----\n{secrets.token_hex(32)}",
    "AWS Access Key": f"aws = AKIA{base64.b32encode(secrets.token_bytes(10)).decode()}",
    "Basic Auth Credentials": f"postgres://postgres:{secrets.token_hex(8)}@db.example.org:5432/x",
    "Base64 High Entropy String": f'THROTTLE_KEY = "{secrets.token_urlsafe(48)}"',
    "GitHub Token": f"ghp_{secrets.token_hex(18)}",
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_secret_is_found(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text(f"# Nothing here.\n\n{PLANTED[kind]}\n")

    assert f"{path}:3: {kind}" in find_secrets([str(path)])


@pytest.mark.parametrize("name", ["settings.py", "deploy.yml", ".env.example", "main.ts", "a.sql"])
def test_it_is_found_in_every_kind_of_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / name

    for kind, planted in PLANTED.items():
        path.write_text(f"# Nothing here.\n\n{planted}\n")
        assert find_secrets([str(path)]), kind


def test_what_is_found_is_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, key = tmp_path / "settings.py", f"sb_secret_{secrets.token_urlsafe(24)}"
    path.write_text(f'KEY = "{key}"\n')

    count = main([str(path)])

    assert count >= 1
    assert key not in capsys.readouterr().out


def test_the_keys_that_the_local_stack_makes_are_of_the_kind_that_is_found(tmp_path: Path) -> None:
    path = tmp_path / "keys.txt"
    path.write_text(Keys().secret_key)

    assert find_secrets([str(path)]) == [f"{path}:1: Supabase secret key"]


def test_a_line_that_says_so_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "settings.py"
    path.write_text(
        f'KEY = "{secrets.token_urlsafe(48)}"  # pragma: allowlist secret - of a test\n'
    )

    assert find_secrets([str(path)]) == []


def test_words_for_secrets_are_none(tmp_path: Path) -> None:
    path = tmp_path / "settings.py"
    path.write_text('password = "The current password is wrong."\nsecret_key = "sb_secret_x"\n')

    assert find_secrets([str(path)]) == []
