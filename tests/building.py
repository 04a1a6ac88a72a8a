"""The page, built where a test needs it to be."""

import subprocess
import sys
from pathlib import Path


def build_page(tree: Path, *options: str, supabase_url: str = "") -> None:
    """Build the page of a copy of the project, as `make web` does.

    Raises:
        subprocess.CalledProcessError: It cannot be built; `stderr` says why.
    """
    vite = "node_modules/vite/bin/vite.js"
    subprocess.run(
        [sys.executable, "-m", "dev.node", vite, "build", "--logLevel=error", *options],
        cwd=tree / "web",
        env={"PYTHONPATH": str(tree), "SUPABASE_URL": supabase_url},
        capture_output=True,
        text=True,
        check=True,
    )
