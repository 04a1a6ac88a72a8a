"""A user with one of everything, marked by a word that stands nowhere else: the canary."""

import secrets
from dataclasses import dataclass
from typing import Any, LiteralString, cast

import httpx

from dev.student import PASSPHRASE, Student
from lib.domain.identities import Identity
from tests.conftest import TLS, Ground
from tests.fakes import Messages, ScriptedModel

# From the catalogue, so that no table is forgotten.
_TABLES = """
select c.oid::regclass::text as name
from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname in ('public', 'private', 'storage')
order by 1
"""
QUESTION = "What does the dossier say about the observatory?"
_SENTENCE = "The dossier about the observatory says that {} is the word of the keeper."


def fingerprint(ground: Ground, *, but: str = "") -> str:
    """Return a hash of every row of every table: equal means that nothing at all was changed.

    Args:
        ground: The database.
        but: A table that may change.
    """
    rows = " union all ".join(
        f"select '{table['name']} ' || t::text as row from {table['name']} as t"  # noqa: S608 - names from the catalogue
        for table in ground.rows(_TABLES)
        if table["name"] != but
    )
    statement = (
        f"select md5(string_agg(md5(a.row), '' order by a.row)) as fingerprint from ({rows}) as a"  # noqa: S608 - likewise
    )
    return ground.row(cast("LiteralString", statement))["fingerprint"]


def quote_everything(messages: Messages) -> str:
    """Answer as a model would that shows all it was given."""
    content = messages[-1]["content"]
    sentences = [line for line in content.splitlines() if line.startswith("The dossier")]
    return " ".join(
        f'{line} <cite passage="{number}">{line}</cite>' for number, line in enumerate(sentences, 1)
    )


@dataclass(frozen=True)
class Holdings:
    """What one user has.

    Attributes:
        canary: Stands in the username, the filename, the file, the title, the question and the answer.
        gone: The same ids, of things that this user has deleted.
    """

    student: Student
    canary: str
    ids: dict[str, Any]
    gone: dict[str, Any]

    @property
    def identity(self) -> Identity:
        return Identity(user_id=self.student.id, session_id=self.ids["session_id"])


def furnish(client: httpx.Client, model: ScriptedModel) -> Holdings:
    """Register a user and give them a file, a chat and a session, and the same once more, gone."""
    canary = f"canary{secrets.token_hex(6)}"
    student = Student(client, canary)
    model.says = quote_everything
    gone = _add(student, canary, "gone")
    client.delete(f"/api/upload/{gone['file_id']}").raise_for_status()
    client.delete(f"/api/history/{gone['chat_id']}").raise_for_status()
    gone["session_id"] = _end_another_session(student)
    ids = _add(student, canary, "kept")
    [session] = client.get("/api/auth/sessions").json()["sessions"]
    return Holdings(student, canary, {**ids, "session_id": session["id"]}, gone)


def _end_another_session(student: Student) -> int:
    """Sign in elsewhere and end that session from here; return its id."""
    body = {"username": student.username, "password": PASSPHRASE}
    # Without the client: its cookie would become the other session's.
    login = student.client.base_url.join("/api/auth/login")
    httpx.post(login, json=body, timeout=30, verify=TLS).raise_for_status()
    sessions = student.client.get("/api/auth/sessions").json()["sessions"]
    [other] = [session["id"] for session in sessions if not session["current"]]
    student.client.delete(f"/api/auth/sessions/{other}").raise_for_status()
    return other


def _add(student: Student, canary: str, name: str) -> dict[str, Any]:
    text = f"# {name}\n\n{_SENTENCE.format(canary)}\n"
    file = student.upload(f"{name} {canary}.md", text)
    query = student.ask(f"{QUESTION} Is it {canary}?")
    assert canary in query["response"], query
    title = {"title": f"{name} {canary}"}
    student.client.patch(f"/api/history/{query['chat_id']}", json=title).raise_for_status()
    return {"file_id": file["id"], "chat_id": query["chat_id"], "number": 1}
