"""The page, built where a test needs it to be."""

import subprocess
import sys
from pathlib import Path


def build_page(tree: Path, *options: str, supabase_url: str = "") -> str:
    """Build the page of a copy of the project, as `make web` does, and return its warnings.

    Raises:
        subprocess.CalledProcessError: It cannot be built; `stderr` says why.
    """
    vite = "node_modules/vite/bin/vite.js"
    built = subprocess.run(
        [sys.executable, "-m", "dev.node", vite, "build", "--logLevel=warn", *options],
        cwd=tree / "web",
        env={"PYTHONPATH": str(tree), "SUPABASE_URL": supabase_url},
        capture_output=True,
        text=True,
        check=True,
    )
    return built.stderr
