"""What the real `vercel build` makes of a tree in which somebody has worked: no more than is needed."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dev.deploy.lambda_pythons import find_python
from dev.processes import ROOT
from dev.vercel.building import PYTHON_VERSION, BuildFailed, build, copy_tree
from dev.vercel.output import Bundle, Output
from tests.deploy.conftest import CANARY

pytestmark = pytest.mark.needs_python(PYTHON_VERSION)

# Above it the builder leaves packages out and installs them at each cold start.
_MAX_BUNDLE_BYTES = 225 * 1024 * 1024


def _own_files(bundle: Bundle) -> dict[str, Path]:
    """Return what the bundle holds but for packages and bytecode."""
    return {
        name: path
        for name, path in bundle.files.items()
        if not name.startswith("_vendor/") and not name.endswith(".pyc")
    }


def test_a_bundle_holds_one_function_and_the_library_and_nothing_else(
    vercel_output: Output,
) -> None:
    for name, bundle in vercel_output.bundles.items():
        modules = (bundle.copy / "lib").rglob("*.py")
        library = {path.relative_to(bundle.copy).as_posix() for path in modules}
        own = {"functions/__init__.py", f"functions/{name}.py", "vc__handler__python.py"}
        assert set(_own_files(bundle)) == library | own


def test_nothing_private_travels(vercel_output: Output) -> None:
    for bundle in vercel_output.bundles.values():
        assert not [name for name in bundle.files if Path(name).name.startswith(".env")]
        for name, path in _own_files(bundle).items():
            assert CANARY.encode() not in path.read_bytes(), name
    assert not [
        path for path in _static_files(vercel_output) if CANARY.encode() in path.read_bytes()
    ]


def _static_files(vercel_output: Output) -> list[Path]:
    found = [vercel_output.services["web"].find(f"/{name}") for name in vercel_output.public_files]
    return [path for path in found if isinstance(path, Path)]


def test_bundles_are_small_enough_to_travel_whole(
    vercel_output: Output, report: Callable[[str], None]
) -> None:
    for name, bundle in sorted(vercel_output.bundles.items()):
        report(f"Vercel, {name}: {bundle.size_bytes / 2**20:.1f} MiB, unpacked, with bytecode")

        assert bundle.size_bytes < _MAX_BUNDLE_BYTES


def test_every_module_comes_with_bytecode_that_is_valid_for_good(vercel_output: Output) -> None:
    """Without it each cold start compiles them all; the bundle is read-only and keeps nothing."""
    question = "import importlib.util; print(importlib.util.MAGIC_NUMBER.hex())"
    asked = [find_python(PYTHON_VERSION), "-c", question]
    magic = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    unchecked = bytes.fromhex(magic) + (1).to_bytes(4, "little")  # PEP 552

    for bundle in vercel_output.bundles.values():
        modules = [name for name in bundle.files if name.endswith(".py")]
        assert len(modules) > len(_own_files(bundle))
        for name in set(modules) - {"vc__handler__python.py"}:  # the builder's own, of a few lines
            compiled = re.sub(r"([^/]+)\.py$", r"__pycache__/\1.cpython-312.pyc", name)
            assert bundle.files[compiled].read_bytes()[:8] == unchecked, compiled


def test_each_function_has_the_time_that_its_work_takes(vercel_output: Output) -> None:
    seconds = {
        name: bundle.configuration["maxDuration"] for name, bundle in vercel_output.bundles.items()
    }

    assert seconds == {"auth": 300, "upload": 60, "query": 180, "history": 30, "jobs": 60}
    assert all(
        bundle.configuration["supportsResponseStreaming"]
        for bundle in vercel_output.bundles.values()
    )


def test_the_page_and_its_assets_are_all_that_is_public(vercel_output: Output) -> None:
    hashed = re.compile(r"assets/[\w.-]+-[\w-]{8}\.(?:js|css|svg|woff2|json)")
    copied = ROOT / "web" / "public"
    beside = {path.relative_to(copied).as_posix() for path in copied.rglob("*") if path.is_file()}

    assert {name for name in vercel_output.public_files if not hashed.fullmatch(name)} == {
        *("index.html", "worker.js", "licences.txt"),
        *beside,
    }


def test_a_package_with_another_hash_is_not_deployed(tmp_path: Path) -> None:
    copy_tree(tmp_path)
    _keep_only_service(tmp_path / "vercel.json", "history")
    requirements = tmp_path / "requirements.txt"
    before, package, after = requirements.read_text().partition("\nhttpx==")
    requirements.write_text(
        before + package + re.sub(r"sha256:.{8}", "sha256:00000000", after, count=2)
    )

    with pytest.raises(BuildFailed, match="Hash mismatch for `httpx"):
        build(tmp_path, {})


def _keep_only_service(path: Path, name: str) -> None:
    configuration = json.loads(path.read_text())
    rewrites = [r for r in configuration["rewrites"] if r["destination"]["service"] == name]
    services = {name: configuration["services"][name]}
    path.write_text(json.dumps({"services": services, "rewrites": rewrites}))
