"""Build the sample lecture: `python -m dev.sample.build` writes photosynthesis.pdf beside its source."""

from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import cm

from dev.sample import typesetting

_HERE = Path(__file__).parent


def build() -> bytes:
    source = (_HERE / "photosynthesis.md").read_text(encoding="utf-8")
    return typesetting.pdf(typesetting.parse(source), A4, margin=2.4 * cm)


if __name__ == "__main__":
    (_HERE / "photosynthesis.pdf").write_bytes(build())
