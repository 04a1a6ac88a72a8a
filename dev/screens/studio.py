"""Where the pictures are taken: students at their desks, the files they have, the model that answers them."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, expect
from starlette.types import Receive, Scope, Send

from bench.browser import open_page
from bench.local import Local
from dev.screens import lesson
from dev.screens.camera import ALL, Camera
from dev.seed import SAMPLES
from dev.student import Student
from tests.accounts import one_time_passphrase
from tests.documents import make_pdf
from tests.e2e.desk import Desk
from tests.fakes import ScriptedModel

LECTURE = SAMPLES[0].read_bytes()
_PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"


def pdf(pages: list[list[str]]) -> bytes:
    with TemporaryDirectory() as folder:
        return make_pdf(Path(folder) / "pages.pdf", pages).read_bytes()


FILES: dict[str, bytes] = {
    "photosynthesis.pdf": LECTURE,
    "light.md": lesson.LIGHT.encode(),
    "الضوء.md": lesson.ARABIC.encode(),
    "handout-scanned.pdf": pdf(
        [["Basalt is a dark volcanic rock."], [], [], ["It cools quickly."]]
    ),
}


class Endpoint:
    """One address of a model, behind which each desk has its own."""

    def __init__(self) -> None:
        self.model = ScriptedModel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.model.application(scope, receive, send)


class Studio:
    def __init__(self, browser: Browser, local: Local, endpoint: Endpoint, camera: Camera) -> None:
        self._browser, self._local, self._endpoint, self._camera = browser, local, endpoint, camera

    @property
    def model(self) -> ScriptedModel:
        return self._endpoint.model

    def visitor(self, **options: Any) -> Page:
        return open_page(self._browser, self._local, None, **options)

    def student(self, username: str, *names: str) -> Student:
        """Enrol a student who has these of FILES, and a model that knows them."""
        self._endpoint.model = ScriptedModel(says=lesson.answer)
        with httpx.Client(
            base_url=self._local.client.base_url, timeout=60, headers={"User-Agent": _PHONE}
        ) as client:
            student = Student(client, username)
            for name in names:
                student.upload(name, FILES[name])
        return student

    def one_time_passphrase(self, username: str) -> str:
        return one_time_passphrase(self._local.stack, username)

    def desk(self, username: str, *names: str) -> Desk:
        """Sit such a student down."""
        student = self.student(username, *names)
        desk = Desk(open_page(self._browser, self._local, student), username)
        desk.page.goto("/")
        expect(desk.composer).to_be_visible()
        return desk

    def ask(self, desk: Desk, *questions: str) -> None:
        for question in questions:
            desk.ask(question)
            desk.wait_for_end()

    def shoot(self, desk: Desk | Page, view: str, widths: tuple[int, ...] = ALL) -> None:
        self._camera.shoot(desk.page if isinstance(desk, Desk) else desk, view, widths)
