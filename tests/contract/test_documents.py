"""The documents say what the code does: routes, settings, problems, dependencies, and the tour as written."""

import importlib
import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import MISSING, fields
from pathlib import Path
from urllib.parse import unquote

import pytest

from bench import prices
from dev.doctor import configuration
from dev.environment_file import parse
from dev.stack import Stack
from lib.domain.problems import Problem
from lib.settings import Settings, SettingsError, read_settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
FUNCTIONS = ("auth", "upload", "query", "history", "jobs")


def served_routes() -> set[str]:
    documents = [importlib.import_module(f"functions.{name}").app.openapi() for name in FUNCTIONS]
    return {
        f"{method.upper()} {path}"
        for document in documents
        for path, operations in document["paths"].items()
        for method in operations
    }


def pinned(requirements: str) -> dict[str, str]:
    text = (ROOT / requirements).read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[a-z]+\])?==([^ \\;]+)", text, re.MULTILINE))


class TestReadme:
    def test_its_table_of_routes_equals_the_openapi(self):
        told = re.findall(r"^\| `([A-Z]+ /api/\S+)` \|", README, re.MULTILINE)

        assert set(told) == served_routes()
        assert len(told) == len(set(told))

    def test_its_table_of_settings_equals_the_code(self):
        told = re.findall(r"^\| `([A-Z0-9_]+)` \|", README, re.MULTILINE)

        assert told == [setting.name.upper() for setting in fields(Settings)]

    def test_its_tour_runs_as_written(self, tmp_path: Path):
        [tour] = [
            block for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if "curl" in block
        ]
        with Stack(tmp_path, with_functions=True) as stack:
            run = subprocess.run(
                [
                    "/bin/bash",
                    "-euo",
                    "pipefail",
                    "-c",
                    tour.replace(".venv/bin/python", sys.executable),
                ],
                cwd=ROOT,
                env={"PATH": os.defpath, "LECTERN": stack.url},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )

        assert run.returncode == 0, run.stderr
        assert "event: done" in run.stdout
        *_, quote, title = run.stdout.strip().split("\n")
        assert quote == "In empty space light covers 299,792,458 metres in one second."
        assert title == "How fast is light in empty space?"


class TestSettings:
    def test_the_example_names_each_with_its_default(self):
        example = (ROOT / ".env.example").read_text()

        told = re.findall(r"^([A-Z0-9_]+)=", example, re.MULTILINE)
        assert told == [setting.name.upper() for setting in fields(Settings)]

    def test_the_defaults_of_the_example_are_those_of_the_code(self):
        example = (ROOT / ".env.example").read_text()
        required = {
            f.name.upper(): "k1:" + "A" * 43 for f in fields(Settings) if f.default is MISSING
        }
        values = dict(re.findall(r"^([A-Z0-9_]+)=(.*)$", example, re.MULTILINE))

        assert vars(read_settings(values | required)) == vars(read_settings(required))

    @pytest.mark.parametrize(
        "name", [f.name.upper() for f in fields(Settings) if f.default is MISSING]
    )
    def test_a_missing_one_is_named(self, name: str):
        required = {
            f.name.upper(): "k1:" + "A" * 43 for f in fields(Settings) if f.default is MISSING
        }
        del required[name]

        with pytest.raises(SettingsError, match=name):
            read_settings(required)


class TestDeploying:
    PAGE = (ROOT / "docs" / "deploy-vercel.md").read_text()

    def test_makes_and_asks_for_all_that_is_needed_and_no_more(self, tmp_path: Path):
        commands = re.findall(
            r"^\.venv/bin/python (-m dev\.signing_keys \S.*>.*)$", self.PAGE, re.MULTILINE
        )
        rows = re.findall(r"^\| ((?:`[A-Z_]+`(?:, )?)+) \|", self.PAGE, re.MULTILINE)
        asked = re.findall(r"[A-Z_]+", " ".join(rows))
        file = tmp_path / ".env.prod"

        for command in commands:
            line = command.replace(".env.prod", str(file))
            subprocess.run(["/bin/sh", "-c", f"{sys.executable} {line}"], cwd=ROOT, check=True)

        made = parse(file.read_text())
        values = {"PUBLIC_URL": "https://lectern.example.org", "SIGNUP": "code"}
        values["SUPABASE_PUBLISHABLE_KEY"] = "sb_publishable_x"
        values["SUPABASE_SECRET_KEY"] = "sb_secret_x"
        given = {name: values.get(name, "https://x.supabase.co") for name in asked}
        findings, settings = configuration.check(given | made)
        assert settings
        assert [str(finding) for finding in findings if finding.verdict != "ok"] == []
        assert not made.keys() & given.keys()

    def test_has_a_button_that_asks_for_the_same(self):
        [(asked, defaults)] = re.findall(r"&env=([A-Z_,]+)&envDefaults=(\S+)\)", self.PAGE)
        example = re.findall(r"^([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)

        of_vercel = json.loads(unquote(defaults))
        assert of_vercel == {"VERCEL_PYTHON_COMPILEALL": "1"}
        assert (
            of_vercel.items()
            <= parse("\n".join(re.findall("^echo (.*=.*) >>", self.PAGE, re.MULTILINE))).items()
        )
        assert set(asked.split(",")) - of_vercel.keys() <= set(example)
        required = {f.name.upper() for f in fields(Settings) if f.default is MISSING}
        assert required <= set(asked.split(","))

    def test_from_the_command_line_sends_nothing_that_git_ignores_for_being_private(self):
        ignored = (ROOT / ".gitignore").read_text().splitlines()
        kept = (ROOT / ".vercelignore").read_text().splitlines()

        assert {".env", ".env.*", ".local/", ".local-*/"} <= set(kept)
        assert {line for line in kept if not line.startswith("#")} <= set(ignored)


class TestProblems:
    def test_each_has_a_heading_with_its_status_and_title(self):
        text = (ROOT / "docs" / "problems.md").read_text()

        told = re.findall(r"^## (\S+)\n\n(\d{3}) ([^.]+)\.", text, re.MULTILINE)
        assert told == [
            (problem.slug, str(int(problem.status)), problem.title)
            for problem in Problem.__subclasses__()
        ]

    def test_slugs_are_unique(self):
        slugs = [problem.slug for problem in Problem.__subclasses__()]

        assert len(slugs) == len(set(slugs))


class TestDependencies:
    def test_the_locked_ones_are_those_that_are_declared(self):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        declared = dict(requirement.split("==") for requirement in project["dependencies"])

        locked = pinned("requirements.txt")
        assert {name: locked.get(name) for name in declared} == declared

    @pytest.mark.parametrize(
        ("fewer", "more"),
        [
            ("requirements.txt", "requirements-dev.txt"),
            ("requirements.txt", "requirements-telemetry.txt"),
            ("requirements-telemetry.txt", "requirements-dev.txt"),
            ("requirements-dev.txt", "requirements-deploy.txt"),
        ],
    )
    def test_whoever_installs_more_installs_the_same_versions(self, fewer: str, more: str):
        wanted, installed = pinned(fewer), pinned(more)

        assert {name: installed.get(name) for name in wanted} == wanted

    def test_a_deployment_that_sends_spans_installs_what_sends_them(self):
        groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
        declared = dict(requirement.split("==") for requirement in groups["telemetry"])

        locked = pinned("requirements-telemetry.txt")
        assert {name: locked.get(name) for name in declared} == declared
        assert not declared.keys() & pinned("requirements.txt").keys()

    def test_what_only_a_deployment_needs_is_not_installed_for_all(self):
        groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
        named = {requirement.partition("==")[0].split("[")[0] for requirement in groups["deploy"]}

        assert named <= pinned("requirements-deploy.txt").keys()
        assert not named & pinned("requirements-dev.txt").keys()

    def test_no_lock_file_names_where_packages_come_from(self):
        locks = [*ROOT.glob("requirements*.txt"), ROOT / "dev" / "package-lock.json"]

        assert [
            path.name
            for path in locks
            if re.search(r"https?://[^\"]*\.tgz|files\.|/simple", path.read_text())
        ] == []


def test_the_price_of_a_thousand_questions_is_the_one_that_is_computed() -> None:
    dollars = f"{prices.model_dollars() * 1000:.2f}"
    tokens = f"{prices.QUESTION_PROMPT_TOKENS:,}"
    documents = {
        p: (ROOT / "docs" / f"{p}.md").read_text() for p in ("operate", "deploy-vercel", "scale")
    }

    [told] = re.findall(
        r"^\| \*\*The model\*\* .* \*\*([\d.]+)\*\* \|$", documents["operate"], re.MULTILINE
    )

    assert told == dollars
    assert f"${dollars} for 1,000 questions" in documents["deploy-vercel"]
    assert f"| 1,000 questions | {dollars} dollars for the model" in documents["scale"]
    assert f" {tokens} tokens (instructions" in documents["operate"]
    assert f"| Tokens of the prompt, at 4 characters each | {tokens}" in documents["scale"]
