"""Users with files and chunks in a stack's database, in steps that only ever add, and that go on where they were broken off."""

import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import psycopg

from bench.synthetic import CHUNKS_PER_FILE, Course, Question, Vectors, as_binary_copy, binary_copy
from lib.domain.identities import Identity
from lib.settings import read_setting

# What one user may have, and what no user may: it shows what the limit is for.
FULLEST, BEYOND = read_setting("MAX_CHUNKS_PER_USER", {}), 500_000
# What the users have that are measured; all others share the rest of a step evenly.
OWN_CHUNKS = (50, 5_000, FULLEST, BEYOND)
# So many files go into the database at once.
_FILES_PER_BATCH = 40


@dataclass(frozen=True)
class Step:
    """How much there is in the whole database after it."""

    chunks: int
    users: int


STEPS = (Step(10_000, 10), Step(100_000, 1_000), Step(1_000_000, 30_000))


@dataclass
class Building:
    """Seconds in which the database itself took a step's chunks in, all connections together; none to make the words."""

    copying: float = 0.0
    inserting: float = 0.0
    vacuuming: float = 0.0


@dataclass(frozen=True)
class _File:
    id: int
    user_id: int
    chunk_count: int


class Population:
    """The users of a database; user and file ids count from 1."""

    def __init__(self, dsn: str) -> None:
        self.course = Course()
        self.owners: dict[int, Identity] = {}
        self.building = Building()
        self._dsn = dsn
        self._files: list[_File] = []
        self._nearby: dict[int, tuple[list[tuple[int, int]], Vectors]] = {}
        self._users = itertools.count(1)
        self._user_count = self._chunk_count = 0

    def grow(self, step: Step) -> bool:
        """Add users until there are as many of them and of their chunks as in `step`, and time that in `building`.

        Returns:
            Whether that is now the size of the database; it may have been larger.
        """
        new = [own for own in OWN_CHUNKS if own not in self.owners and own <= step.chunks / 2]
        shares = {next(self._users): own for own in new}
        for user_id, own in shares.items():
            self.owners[own] = Identity(user_id=user_id, session_id=user_id)
        others = step.users - self._user_count - len(new)
        rest = step.chunks - self._chunk_count - sum(new)
        for index in range(others):
            share = rest * (index + 1) // others - rest * index // others
            shares[next(self._users)] = share
        self._user_count, self._chunk_count = step.users, step.chunks
        self._store(shares)
        with psycopg.connect(self._dsn) as connection:
            [(user_count,)] = connection.execute("select count(*) from public.users").fetchall()
        return user_count == step.users

    def question(self, own: int, salt: int) -> Question:
        """Return a question on one of the chunks of the user who has `own` of them."""
        files = self._files_of(own)
        file = files[salt * 7919 % len(files)]
        return self.course.question(file.id, salt * 31 % file.chunk_count, file.chunk_count, salt)

    def nearest(self, own: int, embedding: Vectors, count: int) -> set[tuple[int, int]]:
        """Return the file and ordinal of that user's nearest chunks, found by looking at all of them."""
        if own not in self._nearby:
            self._nearby[own] = self._all_embeddings(own)
        places, embeddings = self._nearby[own]
        cosines = embeddings.astype(np.float32) @ embedding
        return {places[index] for index in np.argpartition(-cosines, count)[:count]}

    def _all_embeddings(self, own: int) -> tuple[list[tuple[int, int]], Vectors]:
        files = self._files_of(own)
        places = [(file.id, ordinal) for file in files for ordinal in range(file.chunk_count)]
        # As they are stored.
        blocks = [self.course.embeddings(f.id, f.chunk_count).astype(np.float16) for f in files]
        return places, np.concatenate(blocks)

    def _files_of(self, own: int) -> list[_File]:
        user_id = self.owners[own].user_id
        return [file for file in self._files if file.user_id == user_id]

    def _store(self, shares: dict[int, int]) -> None:
        files = list(self._cut(shares))
        self._files += files
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute(_USERS, [list(shares)])
            columns = [[getattr(file, name) for file in files] for name in ("id", "user_id")]
            connection.execute(_FILES, columns)
            stored = {number for (number,) in connection.execute(_STORED)}
        missing = [file for file in files if file.id not in stored]
        batches = [
            missing[at : at + _FILES_PER_BATCH] for at in range(0, len(missing), _FILES_PER_BATCH)
        ]
        self.building = Building()
        # Two, because one of them waits for Postgres while the other makes words.
        with ThreadPoolExecutor(2) as threads:
            for copying, inserting in threads.map(self._store_files, batches):
                self.building.copying += copying
                self.building.inserting += inserting
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            started_at = time.monotonic()
            connection.execute("vacuum (analyze) public.chunks, public.files, public.users")
            self.building.vacuuming = time.monotonic() - started_at

    def _cut(self, shares: dict[int, int]) -> Iterator[_File]:
        number = len(self._files)
        for user_id, own in shares.items():
            for start in range(0, own, CHUNKS_PER_FILE):
                number += 1
                yield _File(number, user_id, min(CHUNKS_PER_FILE, own - start))

    def _store_files(self, files: list[_File]) -> tuple[float, float]:
        """Store files, and return the seconds of COPY, and of the insert that makes vectors of the words and fills the indexes."""
        # Made before: their making is not to be timed.
        rows = list(binary_copy(self._rows(files)))
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            began_at = time.monotonic()
            with connection.transaction():
                connection.execute(_STAGE)
                with connection.cursor().copy("copy stage from stdin (format binary)") as copy:
                    for data in rows:
                        copy.write(data)
                copied_at = time.monotonic()
                connection.execute(_UNSTAGE)
            return copied_at - began_at, time.monotonic() - copied_at

    def _rows(self, files: list[_File]) -> Iterator[bytes]:
        for file in files:
            content = self.course.file(file.id, file.chunk_count)
            yield from as_binary_copy(file.user_id, file.id, *content)


_USERS = """
with people as (select unnest(%s::bigint[]) as id), made as (
    insert into public.users (id, username, password_hash) overriding system value
    select id, 'user-' || id, '-' from people
    on conflict do nothing
)
insert into public.sessions (id, user_id, handle, idle_expires_at, expires_at) overriding system value
select id, id, gen_random_uuid(), now() + interval '1 year', now() + interval '1 year' from people
on conflict do nothing
"""
# A user may not have the same bytes twice: the hash is the file's number.
_FILES = """
insert into public.files (
    id, user_id, filename, path, size_bytes, content_type, sha256, status, page_kind, pages_done, pages_total, text_config, language
) overriding system value
select
    f.id, f.user_id, 'lecture-' || f.id || '.pdf', f.user_id || '/' || f.id, 1, 'application/pdf', f.id::text,
    'ready', 'page', 50, 50, 'english', 'en'
from unnest(%s::bigint[], %s::bigint[]) as f (id, user_id)
on conflict do nothing
"""
_STORED = "select distinct file_id from public.chunks"
_STAGE = """
create temporary table stage (
    file_id bigint, ordinal integer, user_id bigint, page integer, start integer, text text,
    embedding extensions.halfvec(512)
) on commit drop
"""
_UNSTAGE = """
insert into public.chunks (file_id, ordinal, user_id, page, start, text, embedding, search)
select file_id, ordinal, user_id, page, start, text, embedding, to_tsvector('english', text) from stage
"""
