"""Run all benches, or those that are named, one after the other: `make bench`, `make bench B=coldstart`.

All of them in full take some three hours; `--short` leaves out the million chunks and nine of ten minutes of streams.
"""

import argparse
import subprocess
import sys
import time

# One that hangs is not to keep the others from it.
_MOST_SECONDS = 2 * 3600
# In this order, each in a process of its own: what one leaves in memory is not the next one's. With what each is
# told where all is to be measured that is claimed.
BENCHES: dict[str, tuple[str, ...]] = {
    "coldstart": (),
    "imports": (),
    "warm": (),
    "http2": (),
    "first_word": ("--minutes", "10"),
    "ingestion": (),
    "retrieval": (),
    "local_model": ("--split", "all", "languages"),
    "lambda_zips": (),
    "vercel_bundles": (),
    "cost": (),
    "scale": ("--million", "--alternatives"),
    "simulate": (),
    "page": (),
}


def _succeeds(name: str, options: tuple[str, ...]) -> bool:
    command = [sys.executable, "-m", f"bench.{name}", *options]
    try:
        return subprocess.run(command, check=False, timeout=_MOST_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        print(f"{name} was ended after {_MOST_SECONDS} s.", flush=True)
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="of benches; all where none is given")
    parser.add_argument("--short", action="store_true", help="without what takes an hour")
    chosen = parser.parse_args()
    failed: list[str] = []
    for name in chosen.names or BENCHES:
        started_at = time.monotonic()
        print(f"\n== bench.{name} ==", flush=True)
        options = () if chosen.short else BENCHES.get(name, ())
        if not _succeeds(name, options):
            failed.append(name)
        print(f"({time.monotonic() - started_at:.0f} s)", flush=True)
    sys.exit(f"Failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
