"""Passwords: which are refused, how they are hashed, and what a hash says of itself."""

import base64
import json
import random
import time

import pytest

from dev.processes import ROOT
from lib.domain.password_policy import (
    MAX_CHARACTERS,
    _common_pieces,
    _cover,
    _fold,
    check_password,
)
from lib.domain.passwords import PasswordScheme
from lib.domain.problems import WeakPassword

KEY = base64.urlsafe_b64encode(b"k" * 32).decode()
OTHER_KEY = base64.urlsafe_b64encode(b"o" * 32).decode()
COST = 4  # the least that bcrypt takes


def scheme(*words: str, cost: int = COST) -> PasswordScheme:
    return PasswordScheme(words or (f"k1:{KEY}",), cost)


def check(password: str, username: str = "alice.cooper") -> None:
    check_password(password, username, min_characters=15)


class TestPolicy:
    @pytest.mark.parametrize(
        "password",
        [
            "aaaaaaaaaaaaaaa",
            "AaAaAaAaAaAaAaA1",
            "abababababababab",
            "abcabcabcabcabc",
            "123123123123123",
            "123456789012345",
            "098765432109876",
            "!@#$%^&*()_+{}|",
            "2026-11-22 08:30",
            "Passwordpassword1",
            "passwordpassword",
            "P4ssw0rdP4ssw0rd!",
            "p@$$w0rd-p@$$w0rd",
            "PASSWORD12345678",
            "ppaasssswwoorrdd1",
            "drowssap-password1",
            "lecternlectern1",
            "Lectern-2026-Lectern",
            "lecternpassword1",
            "welcometolectern",
            "welcomepasswordletmein",
            "WelcomeWelcome2026",
            "letmeinletmein!!",
            "iloveyouiloveyou",
            "iloveyou123456789",
            "qwertyuiopasdfgh",
            "asdfghjklasdfghjkl",
            "qwertzuiopasdfghjkl",
            "azertyuiopqsdfghjklm",
            "1qaz2wsx3edc4rfv",
            "poiuytrewqlkjhgfdsa",
            "abcdefghijklmnop",
            "zyxwvutsrqponmlk",
            "JanuaryFebruary2026",
            "mondaytuesdaywednesday",
            "summer-winter-2026",
            "Sommer2026Sommer2026",
            "onetwothreefourfive",
            "studentstudent99",
            "universitystudent1",
            "testtesttesttest",
            "adminadministrator",
            "footballfootball",
            "minecraft-fortnite-1",
            "пароль-пароль-123",
            "motdepasse-bonjour1",
            "contraseña-secreto",
            "ichliebedich2026",
            "correct horse battery staple",
            "correcthorsebatterystaple",
            "Correct-Horse-Battery-Staple-1",
            "c0rrecth0rseb4tteryst4ple!",
            "thisismypassword",
            "This is my password!",
            "this is not my password",
            "mypasswordislong",
            "myverylongpassword",
            "thisisalongpassword",
            "my new password is very strong",
            "meinpasswortistlang",
            "dasistmeinpasswort",
            "ceciestmonmotdepasse",
            "estaesmicontraseña",
            "😀" * 15,
        ],
    )
    def test_refuses_what_is_tried_first(self, password: str):
        with pytest.raises(WeakPassword):
            check(password)

    @pytest.mark.parametrize(
        ("username", "password"),
        [
            ("alice.cooper", "alice.cooper1234"),
            ("alice.cooper", "AliceCooper!2026"),
            ("alice.cooper", "cooper-alice-007"),
            ("alice.cooper", "ALICECOOPERalice"),
            ("alice.cooper", "repooc.ecila-2026"),
            ("alice.cooper", "4l1c3-c00p3r-1234"),
            ("alice.cooper", "alice-password-1"),
            ("zorblax", "zorblaxzorblax1"),
            ("zorblax", "zorblax20261122!"),
            ("zorblax", "welcome-zorblax-1"),
            ("x1_y2", "x1_y2x1_y2x1_y2"),
            ("bob", "bob12345bob12345"),
            ("20261122", "202611222026112"),
            ("lectern", "lecternlectern1"),
        ],
    )
    def test_refuses_what_follows_from_the_username(self, username: str, password: str):
        with pytest.raises(WeakPassword):
            check(password, username)

    @pytest.mark.parametrize(
        "password",
        [
            "stubborn velvet kayak thunder",
            "violet otter builds canals",
            "copper lantern quiet orchard",
            "tulip-pebble-otter-quartz-lemon",
            "zwei Fische tanzen Walzer im Regen",
            "cuatro nubes beben café despacio",
            "高山流水遇知音难觅 春江花月夜又潮生",
            "kX9#mQ2$vL7@pR4",
            "k3vq-7mza-tt5w-x9hc",
            "🐶🌋🍕🎻🚲🧊🪁🦉🧵🪵🧭🥁🏺🎲🪐",
            "alice rides a purple bicycle",
            "my password is a walrus in Chile",
            "this horse is not my first kayak",
            "der lange Winter mit dem Walross",
            "x" * 3 + "violet otter builds" + "x" * 200,
        ],
    )
    def test_accepts_what_takes_long_to_guess(self, password: str):
        check(password)

    def test_counts_characters_and_not_bytes(self):
        emoji = "🐶🌋🍕🎻🚲🧊🪁🦉🧵🪵🧭🥁🏺🎲🪐"

        with pytest.raises(WeakPassword, match="at least 15"):
            check(emoji[:-1])

    def test_refuses_more_than_the_most(self):
        words = "violet otter builds canals "

        with pytest.raises(WeakPassword, match="at most 256"):
            check((words * 10)[: MAX_CHARACTERS + 1])

    def test_takes_a_shorter_least_from_the_settings(self):
        check_password("kX9#mQ2$vL", "alice", min_characters=8)

    @pytest.mark.parametrize(
        ("password", "reason"),
        [
            ("short", "at least 15 characters"),
            ("abababababababab", "repeats itself"),
            ("qwertyuiopasdfgh", "among the first"),
            ("alice.cooper1234", "like the username"),
            ("123456789012345", "without its digits"),
        ],
    )
    def test_says_what_is_wrong_and_never_echoes(self, password: str, reason: str):
        with pytest.raises(WeakPassword, match=reason) as refusal:
            check(password)

        assert "four unrelated words" in refusal.value.message
        assert password not in str(refusal.value.as_dict())


WORDS = ROOT / "web/src/strings"


@pytest.mark.parametrize("language", ["en", "de"])
class TestSuggestions:
    """The words that the page draws passphrases from."""

    def words(self, language: str) -> list[str]:
        return json.loads((WORDS / f"words-{language}.json").read_text("utf-8"))

    def test_are_drawn_from_enough_words(self, language: str) -> None:
        assert len(set(self.words(language))) >= 480

    def test_are_never_refused(self, language: str) -> None:
        pieces = _common_pieces()
        bare = {word: _cover(_fold(word), pieces)[0] for word in self.words(language)}
        # Those that say least beyond common pieces, which five of them together are most likely to be made of.
        chosen = random.Random(1)  # noqa: S311 - no secret
        least = sorted(bare, key=lambda word: bare[word])[:100]

        for _ in range(500):
            check_password("-".join(chosen.choices(least, k=5)), "ada", min_characters=15)

        assert min(bare.values()) >= 2


class TestScheme:
    def test_verifies_its_own_hash(self):
        password_hash = scheme().hash("violet otter")

        assert scheme().verify("violet otter", password_hash)
        assert not scheme().verify("violet otters", password_hash)

    @pytest.mark.parametrize(
        ("password", "other"),
        [
            ("x" * 72 + "a", "x" * 72 + "b"),
            ("violet\0otter", "violet\0canal"),
            ("é", "e\u0301"),
            ("Violet", "violet"),
            ("violet ", "violet"),
        ],
    )
    def test_tells_apart_what_differs_at_all(self, password: str, other: str):
        assert not scheme().verify(other, scheme().hash(password))

    def test_names_scheme_key_and_cost(self):
        assert scheme().hash("violet").startswith("bcrypt-hmac-sha384$k1$2b$04$")

    def test_an_older_key_verifies_and_is_not_current(self):
        old_hash = scheme().hash("violet")
        rotated = scheme(f"k2:{OTHER_KEY}", f"k1:{KEY}")

        assert rotated.verify("violet", old_hash)
        assert not rotated.is_current(old_hash)
        assert rotated.is_current(rotated.hash("violet"))

    def test_another_cost_is_not_current(self):
        assert not scheme(cost=COST + 1).is_current(scheme().hash("violet"))

    @pytest.mark.parametrize("password_hash", [None, "", "plain", "$2b$04$x", "argon2$k1$2b$04$x"])
    def test_verifies_nothing_without_a_hash_of_ours(self, password_hash: str | None):
        assert not scheme().verify("violet", password_hash)

    def test_verifies_nothing_under_an_unknown_key(self):
        foreign = scheme(f"k9:{OTHER_KEY}").hash("violet")

        assert not scheme().verify("violet", foreign)
        assert not scheme().knows_key_of(foreign)

    @pytest.mark.parametrize(
        "password_hash", [None, scheme(cost=4).hash("violet")], ids=["nobody", "an older hash"]
    )
    def test_a_no_takes_as_long_for_nobody_and_for_an_older_hash(self, password_hash: str | None):
        # Work of the processor, not time on the clock: what else runs on the machine does not count.
        today = scheme(cost=8)

        usual = min(self.seconds(today, today.hash("violet")) for _ in range(5))
        unusual = min(self.seconds(today, password_hash) for _ in range(5))

        assert 0.5 < unusual / usual < 2

    def seconds(self, today: PasswordScheme, password_hash: str | None) -> float:
        started_at = time.thread_time()
        assert not today.verify("wrong", password_hash)
        return time.thread_time() - started_at
