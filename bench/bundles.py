"""The functions as deployed: each zip for Lambda built and unpacked, beside bare FastAPI + Mangum built the same way."""

import contextlib
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from dev.deploy.lambda_build import Archive, Tree, plant
from dev.deploy.lambda_packages import PYTHON_VERSION
from dev.deploy.lambda_pythons import find_python
from dev.deploy.lambda_runtime import unpack
from dev.processes import ROOT

BARE = "bare"
BARE_SOURCE = '''"""Bare FastAPI + Mangum."""

from fastapi import FastAPI
from mangum import Mangum

app = FastAPI()


@app.get("/api/bare/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


handler = Mangum(app, lifespan="off")
'''


@dataclass(frozen=True)
class Bundle:
    """One zip and where it is unpacked."""

    archive: Archive
    task: Path


@dataclass(frozen=True)
class Bundles:
    """All of them by name, with the Python that they are for."""

    python: str
    bare: Bundle
    hs256: dict[str, Bundle]
    """Without cryptography, for an HS256 secret as DATABASE_TOKEN_KEY."""
    es256: dict[str, Bundle]


@contextlib.contextmanager
def built_bundles() -> Generator[Bundles]:
    """Build everything in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="lectern-bench-") as name:
        folder = Path(name)
        bare, ours = plant(folder / "bare", _write_bare(folder / "source")), plant(folder / "ours")
        yield Bundles(
            python=find_python(PYTHON_VERSION),
            bare=_pack(bare, folder / "floor")[BARE],
            hs256=_pack(ours, folder / "hs256", with_cryptography=False),
            es256=_pack(ours, folder / "es256"),
        )


def _pack(tree: Tree, folder: Path, *, with_cryptography: bool = True) -> dict[str, Bundle]:
    archives = tree.pack(folder / "zips", with_cryptography=with_cryptography)
    for name, archive in archives.items():
        unpack(archive.path, folder / name)
    return {name: Bundle(archive, folder / name) for name, archive in archives.items()}


def _write_bare(root: Path) -> Path:
    for name in ("functions", "lib"):
        (root / name).mkdir(parents=True)
        (root / name / "__init__.py").touch()
    (root / "functions" / f"{BARE}.py").write_text(BARE_SOURCE)
    for name in ("requirements.txt", "requirements-dev.txt"):
        (root / name).write_bytes((ROOT / name).read_bytes())
    return root
