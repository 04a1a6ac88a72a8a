"""What the page may reach, as `make web` writes it into index.html."""

import re
from html import unescape
from pathlib import Path

import pytest

from dev.doctor.deployment import judge_page
from dev.processes import ROOT
from tests.building import build_page

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    "connect-src": "'self' {storage}",
    "frame-src": "{storage}",
    "form-action": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "lectern",
}


@pytest.mark.parametrize(
    ("supabase_url", "storage"),
    [
        ("https://abcdefghijklmnopqrst.supabase.co", "https://abcdefghijklmnopqrst.supabase.co"),
        ("https://data.example.org:8443/some/path/", "https://data.example.org:8443"),
        ("", "https://storage.invalid"),
    ],
)
def test_the_page_may_reach_itself_and_its_own_storage_alone(
    tmp_path: Path, supabase_url: str, storage: str
):
    warnings = build_page(ROOT, f"--outDir={tmp_path}", supabase_url=supabase_url)

    index = (tmp_path / "index.html").read_text()
    [written] = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', index)
    directives = dict(part.split(" ", 1) for part in unescape(written).split("; "))
    assert directives == {name: value.format(storage=storage) for name, value in POLICY.items()}
    # It holds for what comes after it.
    assert not re.search(r"<(script|link|style)", index.partition(written)[0])
    # Who was not told the storage says so, and the doctor sees it where the page is deployed.
    assert ("without SUPABASE_URL" in warnings) == (not supabase_url)
    finding = judge_page("https://lectern.example", index, supabase_url)
    assert finding.verdict == ("ok" if supabase_url else "wrong")


def test_with_another_policy_alone_the_worker_is_another(tmp_path: Path):
    """To the byte the same it would keep the page with the policy of before."""
    workers = set[bytes]()
    for name in ("one", "two"):
        build_page(ROOT, f"--outDir={tmp_path / name}", supabase_url=f"https://{name}.supabase.co")
        workers.add((tmp_path / name / "worker.js").read_bytes())

    assert len(workers) == 2
