"""Take the pictures of docs/screens again: `python -m dev.screens`.

With --all FOLDER every view and state goes there, to be looked at; --story NAME takes those of one story.
"""

import argparse
import sys
from pathlib import Path

from bench.browser import chromium
from bench.local import local_lectern
from dev.processes import ROOT
from dev.screens.camera import Camera
from dev.screens.stories import STORIES
from dev.screens.studio import Endpoint, Studio
from dev.serving import serve


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every view, into this folder")
    names = [story.__name__ for story in STORIES]
    parser.add_argument("--story", choices=names, action="append", help="leave out the others")
    arguments = parser.parse_args()
    camera = Camera(arguments.all or ROOT / "docs" / "screens", is_complete=bool(arguments.all))
    endpoint = Endpoint()
    with (
        serve(endpoint) as url,
        local_lectern(OPENAI_BASE_URL=f"{url}/v1", EMBEDDING_LANGUAGES="all") as local,
        chromium() as browser,
    ):
        studio = Studio(browser, local, endpoint, camera)
        for story in STORIES:
            if story.__name__ in (arguments.story or names):
                print(story.__name__, flush=True)
                story(studio)
    return 0


if __name__ == "__main__":
    sys.exit(main())
