"""The one port of the local stack: who answers what."""

from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse

from dev.gateway import Gateway, Page
from dev.serving import serve


@pytest.fixture
def url():
    gateway = Gateway(
        {"auth": PlainTextResponse("auth")}, PlainTextResponse("page"), "http://lectern.test:8000"
    )
    with serve(gateway) as address:
        yield address


def test_a_function_answers_for_its_own_paths(url: str):
    assert httpx.get(f"{url}/api/auth/me").text == "auth"


def test_the_page_answers_for_all_others(url: str):
    assert httpx.get(f"{url}/chats/1").text == "page"


def test_an_unknown_function_is_a_problem(url: str):
    answer = httpx.get(f"{url}/api/nothing")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_localhost_is_sent_to_the_name_whose_cookie_the_functions_know(url: str):
    answer = httpx.get(url.replace("127.0.0.1", "localhost") + "/chats/1")

    assert answer.status_code == 307
    assert answer.headers["location"] == "http://lectern.test:8000/chats/1"


@pytest.mark.parametrize("built_for", ["https://storage.invalid", "https://abcdefgh.supabase.co"])
def test_the_page_may_reach_this_stacks_storage_whichever_it_was_built_for(
    tmp_path: Path, built_for: str
):
    policy = "connect-src &#39;self&#39; {0}; frame-src {0}; form-action &#39;self&#39;"
    (tmp_path / "index.html").write_text(policy.format(built_for))
    with serve(Gateway({}, Page(tmp_path, "http://127.0.0.1:54321"))) as url:
        page = httpx.get(url).text

    assert page == policy.format("http://127.0.0.1:54321")
