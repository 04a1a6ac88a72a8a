"""A camera before the page: every view at three widths, in both themes."""

from collections import Counter
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Page

HEIGHTS = {375: 740, 768: 1000, 1280: 800}
ALL = (1280, 768, 375)
# States of a view, kept at two widths.
STATES = {"answer-failed", "connection-lost", "erase", "menu", "search", "toasts"}
# What docs/screens shows; the other views are there to be looked at.
KEPT = STATES | {
    "account",
    "arabic",
    "drawer",
    "first-time",
    "formula",
    "german",
    "must-change",
    "not-found",
    "offline",
    "offline-shell",
    "original",
    "reading",
    "receipt",
    "register",
    "sign-in",
    "streaming",
    "study",
}
_WIDTHS_OF_STATES = (1280, 375)
# Where the side is a drawer.
NARROW = (768, 375)
_THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_COLOURS = 256

# A narrower sheet breaks its lines elsewhere: the quoted words go back to where they are read.
_SETTLE = """async () => {
  await document.fonts.ready;
  document.querySelector("mark")?.scrollIntoView({ block: "center" });
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""


class Camera:
    def __init__(self, folder: Path, *, is_complete: bool = False) -> None:
        """Keep the pictures of the chosen views in `folder`, or of all."""
        self._folder, self._is_complete = folder, is_complete
        folder.mkdir(parents=True, exist_ok=True)

    def shoot(self, page: Page, view: str, widths: Sequence[int] = ALL) -> None:
        """Take `<view>-<width>-<theme>.png` of what is on the page now."""
        if not self._is_complete and view not in KEPT:
            return
        if not self._is_complete and view in STATES:
            widths = [width for width in widths if width in _WIDTHS_OF_STATES]
        for width in widths:
            page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
            for theme in _THEMES:
                page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                page.evaluate(_SETTLE)
                picture = page.screenshot(animations="disabled", caret="hide")
                _keep(picture, self._folder / f"{view}-{width}-{theme}.png")


def _keep(picture: bytes, path: Path) -> None:
    """Write a picture in its commonest colours: its grounds as they are, its letters nearly so."""
    with Image.open(BytesIO(picture)) as image:
        flat = image.convert("RGB")
    pixels = flat.tobytes()
    colours = Counter(zip(pixels[::3], pixels[1::3], pixels[2::3], strict=True))
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour, _ in colours.most_common(_COLOURS) for part in colour])
    flat.quantize(palette=palette, dither=Image.Dither.NONE).save(path, optimize=True)
