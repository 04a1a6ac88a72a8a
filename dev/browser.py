"""Find a Chromium for the tests of the page, or install one: `python -m dev.browser` prints where it is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """Return the machine's own Chromium, or the one that Playwright has downloaded before."""
    own = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if own:
        return own
    with sync_playwright() as playwright:
        downloaded = playwright.chromium.executable_path
    return downloaded if Path(downloaded).exists() else None


def find_headless_chromium() -> str | None:
    """Return Chromium without the window around the page, or the whole one.

    It starts and closes in half the time, and has no viewer of PDFs.
    """
    return shutil.which("chromium-headless-shell") or find_chromium()


def _install() -> None:
    has_apt = os.geteuid() == 0 and shutil.which("apt-get") is not None
    if has_apt:
        _install_with_apt()
    # Ubuntu has no such package.
    if find_chromium() is None:
        print("Downloading Chromium ...", file=sys.stderr)
        # What it links to is apt's to install, too.
        needs = ["--with-deps"] if has_apt else []
        command = [sys.executable, "-m", "playwright", "install", *needs, "chromium"]
        subprocess.run(command, check=True)


def _install_with_apt() -> None:
    print("Installing Chromium with apt ...", file=sys.stderr)
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # Without the second, which not every distribution packages, the tests only take longer.
    for package in ("chromium", "chromium-headless-shell"):
        subprocess.run([*command, package], check=False, env=quiet, stdout=subprocess.DEVNULL)


def main() -> int:
    if find_chromium() is None:
        _install()
    found = find_chromium()
    print(found or "There is no Chromium here. Install it, then try again.")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
