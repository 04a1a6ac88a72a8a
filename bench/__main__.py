"""Run all benches, or those that are named, one after the other: `make bench`, `make bench B=coldstart`."""

import subprocess
import sys
import time

# In this order, each in a process of its own: what one leaves in memory is not the next one's.
BENCHES = (
    "coldstart",
    "warm",
    "first_word",
    "ingestion",
    "retrieval",
    "local_model",
    "lambda_zips",
    "vercel_bundles",
    "cost",
    "scale",
    "simulate",
    "page",
)


def main() -> None:
    names = sys.argv[1:] or list(BENCHES)
    failed: list[str] = []
    for name in names:
        started_at = time.monotonic()
        print(f"\n== bench.{name} ==", flush=True)
        process = subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False)
        print(f"({time.monotonic() - started_at:.0f} s)", flush=True)
        if process.returncode:
            failed.append(name)
    sys.exit(f"Failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
