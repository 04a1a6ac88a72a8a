"""What the page weighs, how soon it shows words, how a long chat moves, what Lighthouse says: `python -m bench.page`.

Everything in real Chromium before the real local stack, each figure beside its limit or a baseline of the same run.
"""

import argparse

from bench import page_frames, page_lighthouse, page_weight, page_words
from bench.browser import chromium
from bench.figures import report
from bench.local import local_lectern
from dev.student import Student

_PARTS = ("weight", "words", "frames", "lighthouse")
_WEIGHT = "The page: first load until idle, gzipped, and what comes later"
_WORDS = "The page: from Enter to the first words on screen, less what the server took"
_FRAMES = "The page: frames while one types and scrolls, and processor time for a key or a turn of the wheel"
_NOTES = "The light reactions take place in the thylakoid membranes of the chloroplast."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40, help="questions to measure")
    parser.add_argument("--only", choices=_PARTS, action="append", help="leave out the others")
    arguments = parser.parse_args()
    wanted = arguments.only or _PARTS
    watch = page_words.Stopwatch()
    with local_lectern(around=watch.around, word_delay_milliseconds=15) as local:
        student = Student(local.client, "bench")
        student.upload("note.txt", _NOTES)
        with chromium() as browser:
            if "weight" in wanted:
                report(_WEIGHT, page_weight.measure(browser, local, student))
                page_weight.print_peers()
            if "words" in wanted:
                runs = arguments.runs
                report(_WORDS, page_words.measure(browser, local, watch, student, runs))
            if "frames" in wanted:
                report(_FRAMES, page_frames.measure(browser, local, student))
        if "lighthouse" in wanted:
            page_lighthouse.report(local, runs=3)


if __name__ == "__main__":
    main()
