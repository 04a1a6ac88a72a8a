"""Size of each Lambda zip, beside bare FastAPI + Mangum built the same way: `make bench B=lambda_zips`.

What is called `-small` is built without cryptography, which an HS256 secret does not need. How long they take to start, and how
much memory: `make bench B=coldstart`.
"""

from bench.bundles import BARE, built_bundles
from bench.figures import Figure, report
from dev.deploy.lambda_build import Archive

_SMALL = "-small"
_MOST_MEGABYTES = {"auth": 14, "history": 14, "query": 21}
_MOST_MEGABYTES |= {f"auth{_SMALL}": 10, f"history{_SMALL}": 10, f"query{_SMALL}": 15}


def _sizes(name: str, archive: Archive) -> list[Figure]:
    zipped = archive.path.stat().st_size / 1e6
    return [
        Figure(f"{name} zipped", zipped, "MB", noise=0.0, aim=_MOST_MEGABYTES.get(name)),
        Figure(f"{name} unzipped", archive.unzipped_bytes / 1e6, "MB", noise=0.0),
    ]


def main() -> None:
    with built_bundles() as bundles:
        named = {BARE: bundles.bare, **bundles.es256}
        named |= {f"{name}{_SMALL}": bundle for name, bundle in bundles.hs256.items()}
        sizes = [_sizes(name, bundle.archive) for name, bundle in named.items()]
    report("Lambda zips: size", [figure for each in sizes for figure in each])


if __name__ == "__main__":
    main()
