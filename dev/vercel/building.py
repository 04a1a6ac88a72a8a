"""Builds a copy of the repository with the real `vercel build`, which needs no account for that."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from dev.deploy.lambda_pythons import find_python
from dev.node import NODE
from dev.processes import ROOT

# What @vercel/python chooses where nothing else is asked for.
PYTHON_VERSION = "3.12"

_CLI = ROOT / "dev" / "deploy" / "node_modules" / "vercel" / "dist" / "vc.js"
_NODE_MODULE = ROOT / "dev" / "node.py"
_UV = ROOT / ".venv" / "bin" / "uv"

# All that the CLI asks of a project before it builds without a word to its servers.
_PROJECT = {"projectId": "prj_local", "orgId": "team_local", "settings": {"framework": None}}

# Nothing listens there: if the CLI wanted to speak to Vercel, the build would fail.
_NO_API = "http://127.0.0.1:9"

# Packages that were once downloaded, for any number of builds side by side.
_CACHE = ROOT / ".build" / "vercel" / "uv"

# Settings of our own shell that would change what is built.
_FOREIGN = ("VERCEL", "NOW_", "PYTHON", "VIRTUAL_ENV", "UV_PROJECT", "MAKE", "npm_")


class BuildFailed(Exception):
    """The CLI refused; the message holds what it said."""


def copy_tree(copy: Path) -> None:
    """Copy what git would deploy: what it tracks, and what it would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        source, target = ROOT / name, copy / name
        if source.is_symlink() or source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)


def _lay_out_tools(directory: Path) -> None:
    """Put what the build may use where it looks first: the builder takes tools from PATH alone."""
    python = find_python(PYTHON_VERSION)
    directory.mkdir(parents=True, exist_ok=True)
    for name, target in {"node": NODE, "uv": _UV, f"python{PYTHON_VERSION}": python}.items():
        link = directory / name
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    npm = directory / "npm"
    npm.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I "{_NODE_MODULE}" npm "$@"\n')
    npm.chmod(0o755)


def _share_cache(copy: Path) -> None:
    _CACHE.mkdir(parents=True, exist_ok=True)
    cache = copy / ".vercel" / "python" / "cache"
    cache.mkdir(parents=True)
    (cache / "uv").symlink_to(_CACHE)


def _environment(copy: Path, tools: Path, settings: Mapping[str, str]) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)}
    configuration = json.loads((copy / "vercel.json").read_text())
    return {
        **inherited,
        **settings,
        # The platform gives a build these; the CLI alone does not.
        **configuration.get("build", {}).get("env", {}),
        "PATH": os.pathsep.join([str(tools), os.defpath]),
        "CI": "1",
        "NO_UPDATE_NOTIFIER": "1",
        "VERCEL_TELEMETRY_DISABLED": "1",
    }


def build(copy: Path, settings: Mapping[str, str]) -> str:
    """Build the copy into its `.vercel/output`, with the project's settings; return what the CLI said.

    The builder writes lock files into the tree that it builds: never give it the repository itself.

    Raises:
        BuildFailed: The CLI is not there, or refused to build.
        PythonMissing: The Python that it wants is not on this machine.
    """
    if not _CLI.exists():
        raise BuildFailed("The Vercel CLI is not installed; `make test-deploy` installs it.")
    tools = copy / ".vercel" / "tools"
    _lay_out_tools(tools)
    _share_cache(copy)
    (copy / ".vercel" / "project.json").write_text(json.dumps(_PROJECT))
    done = subprocess.run(
        [
            *(str(NODE), str(_CLI), "build", "--yes", "--api", _NO_API),
            *("--global-config", str(copy / ".vercel" / "global")),
        ],
        cwd=copy,
        env=_environment(copy, tools, settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BuildFailed(done.stdout)
    return done.stdout
