"""The stream of a response: the model's quotes go in, citations that hold come out."""

import html
import re
from collections.abc import Iterable, Sequence

from lib.domain.folding import Span
from lib.domain.joining import Joiner
from lib.domain.models import Citation, Passage
from lib.domain.quotes import find_citation
from lib.domain.tags import Quote, TagReader

# Neither can be stored or sent: Postgres refuses the one, UTF-8 the other.
_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")


class CitationStream:
    """Turns deltas of a model into deltas and citations for a user.

    However the response is cut into deltas, the text is the same. A citation comes right after the
    text that ends with its marker, and `quote` is the text of a passage given here, to the letter.
    """

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.citations: list[Citation] = []
        self._passages = passages
        self._reader = TagReader()
        self._joiner = Joiner()

    @property
    def response(self) -> str:
        """What was shown so far."""
        return self._joiner.response

    @property
    def declined(self) -> bool:
        """Whether the model said, and said only, that the passages do not hold the answer."""
        return self._joiner.declined

    def feed(self, delta: str) -> list[str | Citation]:
        """Return what may be shown now: pieces of the response, citations between them."""
        return self._show(self._reader.read(_UNSENDABLE.sub("", delta)))

    def finish(self) -> list[str | Citation]:
        """Return the rest, once the model has finished."""
        shown = self._show(self._reader.finish())
        rest = self._joiner.finish()
        return [*shown, rest] if rest else shown

    def _show(self, pieces: Iterable[str | Quote]) -> list[str | Citation]:
        shown: list[str | Citation] = []
        for piece in pieces:
            if isinstance(piece, str):
                shown.append(self._joiner.write(piece))
            else:
                shown += self._cite(piece)
        return [piece for piece in shown if piece]

    def _cite(self, quote: Quote) -> list[str | Citation]:
        found = self._find(quote)
        if not found:
            self._joiner.drop()
            return []
        passage, (start, end) = found
        text = self._joiner.mark(len(self.citations) + 1)
        citation = Citation(
            marker=len(self.citations) + 1,
            position=len(self.response),
            file_id=passage.file_id,
            filename=passage.filename,
            page=passage.page,
            quote=passage.text[start:end],
            start=passage.start + start,
            end=passage.start + end,
        )
        self.citations.append(citation)
        return [text, citation]

    def _find(self, quote: Quote) -> tuple[Passage, Span] | None:
        if quote.words is None:
            return None
        found = find_citation(quote.words, quote.passage, self._passages)
        unescaped = html.unescape(quote.words)
        if not found and unescaped != quote.words:
            found = find_citation(unescaped, quote.passage, self._passages)
        return found
