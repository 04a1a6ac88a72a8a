-- Files, their pages and chunks, and what is to be deleted from storage.

-- The bucket, with the defaults of MAX_FILE_BYTES and of the types that can be read; a limit that was raised by hand stays.
-- There is no policy on storage.objects, on purpose: with row level security on and no policy no user reaches an object
-- by their own right. Bytes come and go by signed URLs only, which our functions make with the secret key.
insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values (
    'files', 'files', false, 52428800,
    array[
        'application/pdf',
        'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
        'application/vnd.openxmlformats-officedocument.presentationml.presentation',
        'text/html', 'text/markdown', 'text/plain'
    ]
)
on conflict (id) do update set public = false;

create table if not exists public.files (
    id bigint generated always as identity primary key,
    user_id bigint not null references public.users (id) on delete cascade,
    filename text not null,
    path text not null,
    created_at timestamptz not null default now(),
    size_bytes bigint not null,
    content_type text not null,
    sha256 text,
    status text not null default 'awaiting_upload',
    page_kind text not null,
    pages_done integer not null default 0,
    pages_total integer,
    empty_page_numbers integer[] not null default '{}',
    text_config text not null default 'simple',
    language text,
    error jsonb,
    attempt_count integer not null default 0,
    lease_id uuid,
    lease_until timestamptz,
    constraint files_path_key unique (path),
    constraint files_status_check check (status in ('awaiting_upload', 'processing', 'ready', 'failed')),
    constraint files_page_kind_check check (page_kind in ('page', 'slide', 'part')),
    constraint files_size_bytes_check check (size_bytes > 0)
);
comment on table public.files is 'What users uploaded. The bytes lie in the bucket `files` under `path`.';
comment on column public.files.path is 'Key in the bucket: the user''s id, a slash, a random name. Never the filename.';
comment on column public.files.sha256 is 'Of the stored bytes, in hexadecimal digits; as announced until the file has been read.';
comment on column public.files.content_type is 'One of the types that can be read; the stored object has it too.';
comment on column public.files.status is 'awaiting_upload, processing, then ready or failed.';
comment on column public.files.page_kind is 'What its pages are: page (PDF), slide (PPTX), part (anything else).';
comment on column public.files.pages_done is 'Pages read, cut and embedded; their pages and chunks are stored.';
comment on column public.files.pages_total is 'How many it has; null until the first slice has been read.';
comment on column public.files.empty_page_numbers is 'Pages without a word that could be read, scans above all: told, never hidden.';
comment on column public.files.language is 'Two letters, as detected from its text; null if none was.';
comment on column public.files.text_config is 'Text search configuration of the file''s own language, by its name: a column of type regconfig would keep Postgres from being upgraded in place.';
comment on column public.files.error is 'Why reading failed: a problem document with `retryable`.';
comment on column public.files.attempt_count is 'Claims since the last progress; too many mean that reading it kills the reader.';
comment on column public.files.lease_id is 'Who reads this file now; only the holder may write its pages and chunks.';
comment on column public.files.lease_until is 'After this the reader is taken for dead, and anybody may go on.';
create unique index if not exists files_user_id_sha256_key on public.files (user_id, sha256) where status = 'ready';
create index if not exists files_user_id_id_idx on public.files (user_id, id desc);
create index if not exists files_status_idx on public.files (status, created_at) where status in ('awaiting_upload', 'processing');

create table if not exists public.pages (
    file_id bigint not null references public.files (id) on delete cascade,
    number integer not null,
    user_id bigint not null references public.users (id) on delete cascade,
    text text not null,
    primary key (file_id, number)
);
comment on table public.pages is 'The text of each page as it was read. Offsets of citations count its code points.';
comment on column public.pages.number is 'Counted from 1, as in citations.';
comment on column public.pages.user_id is 'The files owner, here too so that row level security compares and does not join.';
create index if not exists pages_user_id_idx on public.pages (user_id);

create table if not exists public.chunks (
    file_id bigint not null references public.files (id) on delete cascade,
    ordinal integer not null,
    user_id bigint not null references public.users (id) on delete cascade,
    page integer not null,
    start integer not null,
    text text not null,
    heading text,
    search tsvector not null,
    embedding extensions.halfvec(512),
    primary key (file_id, ordinal)
);
comment on table public.chunks is 'Slices of pages, as retrieved for questions: `text` stands at `start` of its page.';
comment on column public.chunks.ordinal is 'Place in the file, counted from 0: a slice that is read twice writes the same rows.';
comment on column public.chunks.user_id is 'The file''s owner, as in pages.';
comment on column public.chunks.page is 'Number of its page.';
comment on column public.chunks.start is 'Offset in that page, in code points.';
comment on column public.chunks.heading is 'What it stands under, where that is not in its text: a heading, and the head of a table.';
comment on column public.chunks.search is 'The words as the file''s text search configuration sees them.';
comment on column public.chunks.embedding is 'Shorter vectors are padded with zeros, which changes no cosine.';
create index if not exists chunks_user_id_idx on public.chunks (user_id);
-- A question looks at the words and the embedding of each of its user's chunks and at the text of eight. So those two stay in
-- the row, three rows to a page of Postgres, and the text goes out of it: half the time of a question (bench/scale.py).
alter table public.chunks alter column search set storage main;
alter table public.chunks alter column embedding set storage plain;
alter table public.chunks set (toast_tuple_target = 2704);

create table if not exists public.object_deletions (
    id bigint generated always as identity primary key,
    path text not null,
    not_before timestamptz not null default now(),
    created_at timestamptz not null default now()
);
comment on table public.object_deletions is 'Stored objects to delete. Written in the transaction that deletes the row; emptied once the object is gone.';
comment on column public.object_deletions.path is 'Key in the bucket, as in files.';
comment on column public.object_deletions.not_before is 'A signed upload URL may bring an object back until it expires: it is deleted once more after that.';
create index if not exists object_deletions_not_before_idx on public.object_deletions (not_before);

alter table public.files enable row level security;
alter table public.pages enable row level security;
alter table public.chunks enable row level security;
alter table public.object_deletions enable row level security;
revoke all on public.files, public.pages, public.chunks, public.object_deletions from anon, authenticated;
grant select on public.files, public.pages, public.chunks to authenticated;
grant all on public.files, public.pages, public.chunks, public.object_deletions to service_role;

drop policy if exists "users read their own files" on public.files;
create policy "users read their own files" on public.files
for select to authenticated using (user_id = (select private.user_id()));

-- A reading in progress is not visible: its pages and chunks appear with the status `ready`, all at once.
drop policy if exists "users read pages of their own ready files" on public.pages;
create policy "users read pages of their own ready files" on public.pages
for select to authenticated using (
    user_id = (select private.user_id())
    and exists (select 1 from public.files as f where f.id = file_id and f.status = 'ready')
);

drop policy if exists "users read chunks of their own ready files" on public.chunks;
create policy "users read chunks of their own ready files" on public.chunks
for select to authenticated using (
    user_id = (select private.user_id())
    and exists (select 1 from public.files as f where f.id = file_id and f.status = 'ready')
);

-- How a file is shown. One place, so that every route answers the same members.
create or replace function private.file_as_json(f public.files) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object(
        'id', f.id,
        'filename', f.filename,
        'size_bytes', f.size_bytes,
        'content_type', f.content_type,
        'sha256', f.sha256,
        'status', f.status,
        'progress', jsonb_build_object('pages_done', f.pages_done, 'pages_total', f.pages_total),
        'page_kind', f.page_kind,
        'page_count', case when f.status = 'ready' then f.pages_total end,
        'language', f.language,
        'empty_pages', cardinality(f.empty_page_numbers),
        'empty_page_numbers', f.empty_page_numbers,
        'error', f.error,
        'created_at', f.created_at
    )
$$;
grant execute on function private.file_as_json(public.files) to authenticated, service_role;

create or replace function private.stored_file_as_json(f public.files) returns jsonb
language sql stable set search_path = ''
as $$ select private.file_as_json(f) || jsonb_build_object('path', f.path) $$;
grant execute on function private.stored_file_as_json(public.files) to authenticated, service_role;

create or replace function public.list_files(p_cursor bigint, p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
    select coalesce(jsonb_agg(private.file_as_json(f) order by f.id desc), '[]')
    from (
        select * from public.files
        where user_id = (select private.user_id()) and (p_cursor is null or id < p_cursor)
        order by id desc
        limit p_limit
    ) as f
$$;
comment on function public.list_files(bigint, integer) is 'The user''s files, newest first; p_cursor is the id of the last one seen.';

create or replace function public.find_file(p_file_id bigint) returns jsonb
language sql stable set search_path = ''
as $$
    select private.stored_file_as_json(f) from public.files as f
    where f.id = p_file_id and f.user_id = (select private.user_id())
$$;
comment on function public.find_file(bigint) is 'One of the user''s files with its path in storage, or null.';

create or replace function public.find_page(p_file_id bigint, p_number integer) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object(
        'file_status', f.status,
        'page_count', f.pages_total,
        'text', (select p.text from public.pages as p where p.file_id = f.id and p.number = p_number)
    )
    from public.files as f
    where f.id = p_file_id and f.user_id = (select private.user_id())
$$;
comment on function public.find_page(bigint, integer) is '{file_status, page_count, text} of one of the user''s files; text is null if there is no such page to read. Null: no such file.';

create or replace function private.create_file(p_file jsonb, p_limits jsonb) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    v_user_id bigint := private.require_session();
    v_file public.files;
    v_count bigint;
    v_bytes bigint;
begin
    select * into v_file from public.files
    where user_id = v_user_id and sha256 = p_file ->> 'sha256' and status = 'ready';
    if found then
        return jsonb_build_object('created', false, 'file', private.stored_file_as_json(v_file));
    end if;
    -- The user's row is the lock: two uploads at the edge of the limit cannot both pass.
    perform private.lock_user(v_user_id);
    select count(*), coalesce(sum(size_bytes), 0) into v_count, v_bytes from public.files where user_id = v_user_id;
    if v_count >= (p_limits ->> 'files')::bigint
        or v_bytes + (p_file ->> 'size_bytes')::bigint > (p_limits ->> 'bytes')::bigint then
        perform private.refuse('file-limit-reached', jsonb_build_object('limit_files', p_limits -> 'files', 'limit_bytes', p_limits -> 'bytes'));
    end if;
    insert into public.files (user_id, filename, path, size_bytes, content_type, sha256, page_kind)
    values (
        v_user_id, p_file ->> 'filename', v_user_id || '/' || gen_random_uuid(), (p_file ->> 'size_bytes')::bigint,
        p_file ->> 'content_type', p_file ->> 'sha256', p_file ->> 'page_kind'
    )
    returning * into v_file;
    return jsonb_build_object('created', true, 'file', private.stored_file_as_json(v_file));
end
$$;
grant execute on function private.create_file(jsonb, jsonb) to authenticated;

create or replace function public.create_file(p_file jsonb, p_limits jsonb) returns jsonb
language sql set search_path = ''
as $$ select private.create_file(p_file, p_limits) $$;
comment on function public.create_file(jsonb, jsonb) is 'Announce a file, or find the ready one with the same bytes: {created, file}. p_limits: files, bytes.';

-- A signed upload URL still works for a while, so an object that had not arrived is deleted once more after the URL
-- has expired.
create or replace function private.note_object(v_file public.files) returns void
language plpgsql set search_path = ''
as $$
begin
    insert into public.object_deletions (path) values (v_file.path);
    if v_file.created_at > now() - interval '3 hours' then
        insert into public.object_deletions (path, not_before) values (v_file.path, v_file.created_at + interval '3 hours');
    end if;
end
$$;
comment on function private.note_object(public.files) is 'Note the object of a file for deletion.';

create or replace function private.delete_file_row(v_file public.files) returns void
language plpgsql security definer set search_path = ''
as $$
begin
    delete from public.files where id = v_file.id;
    perform private.note_object(v_file);
end
$$;
comment on function private.delete_file_row(public.files) is 'Delete the row and, in the same transaction, note the object.';
grant execute on function private.delete_file_row(public.files) to service_role;

create or replace function private.delete_file(p_file_id bigint) returns text
language plpgsql security definer set search_path = ''
as $$
declare
    v_user_id bigint := private.require_session();
    v_file public.files;
begin
    select * into v_file from public.files where id = p_file_id and user_id = v_user_id for update;
    if not found then
        perform private.refuse('file-not-found');
    end if;
    perform private.delete_file_row(v_file);
    return v_file.path;
end
$$;
grant execute on function private.delete_file(bigint) to authenticated;

create or replace function public.delete_file(p_file_id bigint) returns text
language sql set search_path = ''
as $$ select private.delete_file(p_file_id) $$;
comment on function public.delete_file(bigint) is 'Delete one of the user''s files with its pages and chunks, note its object for deletion, and answer its path.';

-- Ingestion. A claim takes a lease; whoever holds the lease writes, in slices that may be repeated.

create or replace function private.lease_file(p_file_id bigint, p_lease_seconds integer) returns public.files
language sql set search_path = ''
as $$
    update public.files set
        status = 'processing',
        error = null,
        lease_id = gen_random_uuid(),
        lease_until = now() + make_interval(secs => p_lease_seconds),
        attempt_count = attempt_count + 1
    where id = p_file_id
    returning *
$$;

-- What a question looks at: chunks of files that are ready.
create or replace function private.ready_chunk_count(p_user_id bigint) returns bigint
language sql stable set search_path = ''
as $$
    select count(*) from public.files as f inner join public.chunks as c on c.file_id = f.id
    where f.user_id = p_user_id and f.status = 'ready'
$$;

create or replace function private.claim_as_json(v_file public.files) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object(
        'claimed', true,
        'file', private.stored_file_as_json(v_file),
        'lease_id', v_file.lease_id,
        'language', v_file.language,
        'attempt_count', v_file.attempt_count,
        'chunk_count', (select count(*) from public.chunks as c where c.file_id = v_file.id),
        -- A slice may end within a page.
        'page_chunk_count', (select count(*) from public.chunks as c where c.file_id = v_file.id and c.page > v_file.pages_done),
        'ready_chunk_count', private.ready_chunk_count(v_file.user_id)
    )
$$;

create or replace function private.claim_ingestion(p_file_id bigint, p_lease_seconds integer) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    v_user_id bigint := private.require_session();
    v_file public.files;
begin
    select * into v_file from public.files where id = p_file_id and user_id = v_user_id for update;
    if not found then
        perform private.refuse('file-not-found');
    end if;
    if v_file.status = 'ready'
        or (v_file.status = 'failed' and not coalesce((v_file.error ->> 'retryable')::boolean, false))
        or (v_file.status = 'processing' and v_file.lease_until > now()) then
        return jsonb_build_object('claimed', false, 'file', private.stored_file_as_json(v_file));
    end if;
    if v_file.status = 'failed' then
        update public.files set attempt_count = 0 where id = p_file_id;
    end if;
    return private.claim_as_json(private.lease_file(p_file_id, p_lease_seconds));
end
$$;
grant execute on function private.claim_ingestion(bigint, integer) to authenticated;

create or replace function public.claim_ingestion(p_file_id bigint, p_lease_seconds integer) returns jsonb
language sql set search_path = ''
as $$ select private.claim_ingestion(p_file_id, p_lease_seconds) $$;
comment on function public.claim_ingestion(bigint, integer) is 'Take the lease of a file that is to be read: {claimed, file, lease_id, …}; not claimed if it is ready, failed for good, or being read.';

-- What follows takes a lease and never a user: the secret key calls it.

create or replace function private.leased_file(p_lease_id uuid) returns public.files
language plpgsql set search_path = ''
as $$
declare
    v_file public.files;
begin
    select * into v_file from public.files
    where lease_id = p_lease_id and status = 'processing' for update;
    if not found then
        perform private.refuse('lease-lost');
    end if;
    return v_file;
end
$$;

create or replace function public.record_upload(p_lease_id uuid, p_size_bytes bigint, p_sha256 text) returns jsonb
language plpgsql set search_path = ''
as $$
declare
    v_file public.files := private.leased_file(p_lease_id);
    v_existing public.files;
begin
    select * into v_existing from public.files
    where user_id = v_file.user_id and sha256 = p_sha256 and status = 'ready';
    if found then
        perform private.delete_file_row(v_file);
        return jsonb_build_object('duplicate', true, 'file', private.stored_file_as_json(v_existing));
    end if;
    update public.files set size_bytes = p_size_bytes, sha256 = p_sha256 where id = v_file.id
    returning * into v_file;
    return jsonb_build_object('duplicate', false, 'file', private.stored_file_as_json(v_file));
end
$$;
comment on function public.record_upload(uuid, bigint, text) is 'Note what really arrived; a duplicate of a ready file is deleted and answered with that file.';

create or replace function public.save_slice(
    p_lease_id uuid, p_pages jsonb, p_chunks jsonb, p_progress jsonb, p_lease_seconds integer
) returns void
language plpgsql set search_path = ''
as $$
declare
    v_file public.files := private.leased_file(p_lease_id);
    v_config regconfig := (p_progress ->> 'text_config')::regconfig;
begin
    insert into public.pages (file_id, number, user_id, text)
    select v_file.id, p.number, v_file.user_id, p.text
    from jsonb_to_recordset(p_pages) as p (number integer, text text)
    on conflict (file_id, number) do update set text = excluded.text;

    insert into public.chunks (file_id, ordinal, user_id, page, start, text, heading, search, embedding)
    select
        v_file.id, c.ordinal, v_file.user_id, c.page, c.start, c.text, c.heading,
        to_tsvector(v_config, c.search_text), c.embedding::extensions.halfvec(512)
    from jsonb_to_recordset(p_chunks) as c (
        ordinal integer, page integer, start integer, text text, heading text, search_text text, embedding text
    )
    on conflict (file_id, ordinal) do update set
        page = excluded.page, start = excluded.start, text = excluded.text, heading = excluded.heading,
        search = excluded.search, embedding = excluded.embedding;

    update public.files set
        pages_done = (p_progress ->> 'pages_done')::integer,
        pages_total = (p_progress ->> 'pages_total')::integer,
        language = p_progress ->> 'language',
        text_config = p_progress ->> 'text_config',
        attempt_count = 0,
        lease_until = now() + make_interval(secs => p_lease_seconds)
    where id = v_file.id;
end
$$;
comment on function public.save_slice(uuid, jsonb, jsonb, jsonb, integer) is 'Store the pages and chunks of a slice and how far the reading has come; a repeat changes nothing.';

create or replace function public.finish_ingestion(p_lease_id uuid, p_limits jsonb) returns jsonb
language plpgsql set search_path = ''
as $$
declare
    v_file public.files := private.leased_file(p_lease_id);
    v_existing public.files;
begin
    -- Two uploads of the same bytes at once, or two at the edge of the limit: the first to finish stays.
    perform 1 from public.users where id = v_file.user_id for no key update;
    select * into v_existing from public.files
    where user_id = v_file.user_id and sha256 = v_file.sha256 and status = 'ready';
    if found then
        perform private.delete_file_row(v_file);
        return private.stored_file_as_json(v_existing);
    end if;
    if private.ready_chunk_count(v_file.user_id) + (select count(*) from public.chunks as c where c.file_id = v_file.id)
        > (p_limits ->> 'chunks')::bigint then
        perform private.refuse('text-limit-reached', jsonb_build_object('limit_chunks', p_limits -> 'chunks'));
    end if;
    update public.files set
        status = 'ready', lease_id = null, lease_until = null, attempt_count = 0,
        empty_page_numbers = coalesce(
            (select array_agg(p.number order by p.number) from public.pages as p where p.file_id = v_file.id and p.text = ''), '{}'
        )
    where id = v_file.id
    returning * into v_file;
    return private.stored_file_as_json(v_file);
end
$$;
comment on function public.finish_ingestion(uuid, jsonb) is 'Make the file ready, and so its pages and chunks visible; a duplicate of a ready file is deleted and answered with that file. p_limits: chunks of all the user''s ready files.';

-- The end of a slice that is not the end of the file: the next caller need not wait for the lease to run out.
create or replace function public.release_ingestion(p_lease_id uuid, p_status text, p_error jsonb) returns jsonb
language plpgsql set search_path = ''
as $$
declare
    v_file public.files := private.leased_file(p_lease_id);
begin
    -- After a failure that may pass (the model is away) the next reading goes on where this one stopped.
    if p_status = 'failed' and not (p_error ->> 'retryable')::boolean then
        delete from public.pages where file_id = v_file.id;
        delete from public.chunks where file_id = v_file.id;
    end if;
    update public.files set
        status = p_status,
        error = case when p_status = 'failed' then p_error end,
        -- Whoever gives the lease back without an error was not stopped by the file: one may wait for the bytes,
        -- or for a storage that is away, as often as one likes.
        attempt_count = case when p_error is null then greatest(attempt_count - 1, 0) else attempt_count end,
        pages_done = case when p_status = 'failed' and not (p_error ->> 'retryable')::boolean then 0 else pages_done end,
        lease_id = null,
        -- When the bytes were last looked for, so that the job does not look again at once.
        lease_until = case when p_status = 'awaiting_upload' then now() end
    where id = v_file.id
    returning * into v_file;
    return private.stored_file_as_json(v_file);
end
$$;
comment on function public.release_ingestion(uuid, text, jsonb) is 'Give the lease back; what was read of a file that failed for good is gone.';

-- What was announced is what counts against the user's bytes, so nothing else may stay. The row names another place from
-- now on, to which nobody has an address.
create or replace function public.reject_upload(p_lease_id uuid, p_error jsonb) returns jsonb
language plpgsql set search_path = ''
as $$
declare
    v_file public.files := private.leased_file(p_lease_id);
begin
    perform private.note_object(v_file);
    update public.files set path = v_file.user_id || '/' || gen_random_uuid() where id = v_file.id;
    return jsonb_build_object('path', v_file.path, 'file', public.release_ingestion(p_lease_id, 'failed', p_error));
end
$$;
comment on function public.reject_upload(uuid, jsonb) is 'Fail a file for good whose bytes are not what was announced: {path, file}; path is of the object left to delete.';

create or replace function public.delete_leased_file(p_lease_id uuid) returns void
language plpgsql set search_path = ''
as $$
begin
    perform private.delete_file_row(private.leased_file(p_lease_id));
end
$$;
comment on function public.delete_leased_file(uuid) is 'Delete a file that is being read, and note its object for deletion.';

grant execute on function
private.lease_file(bigint, integer), private.claim_as_json(public.files), private.leased_file(uuid),
private.note_object(public.files), private.ready_chunk_count(bigint)
to service_role;
grant execute on function
public.list_files(bigint, integer), public.find_file(bigint), public.find_page(bigint, integer),
public.create_file(jsonb, jsonb), public.delete_file(bigint), public.claim_ingestion(bigint, integer)
to authenticated;
grant execute on function
public.record_upload(uuid, bigint, text), public.save_slice(uuid, jsonb, jsonb, jsonb, integer),
public.finish_ingestion(uuid, jsonb), public.release_ingestion(uuid, text, jsonb), public.reject_upload(uuid, jsonb),
public.delete_leased_file(uuid)
to service_role;
