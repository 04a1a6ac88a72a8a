-- What is true whatever has happened: each row is a contradiction. Run after every fault and every crash.

-- A ready file is whole: every page, every chunk with its embedding, and nobody writes it any more.
select 'a ready file lacks pages' as contradiction, f.id::text as place
from public.files as f
where f.status = 'ready'
    and (
        f.pages_total is null or f.pages_done <> f.pages_total or f.lease_id is not null
        or f.pages_total <> (select count(*) from public.pages as p where p.file_id = f.id)
        or f.pages_total <> (select max(p.number) from public.pages as p where p.file_id = f.id)
    )
union all
select 'a ready file lacks chunks', f.id::text
from public.files as f
where f.status = 'ready'
    and (
        not exists (select 1 from public.chunks as c where c.file_id = f.id)
        or exists (select 1 from public.chunks as c where c.file_id = f.id and c.embedding is null)
        or (select count(*) from public.chunks as c where c.file_id = f.id)
        <> (select max(c.ordinal) from public.chunks as c where c.file_id = f.id)
    )
union all
select 'a file that is not being read has a lease', f.id::text
from public.files as f
where
    (f.lease_id is not null and (f.lease_until is null or f.status <> 'processing'))
    -- When a job looked for bytes that had not come is kept there, too, so that the next one looks at others first.
    or (f.lease_id is null and f.lease_until is not null and f.status <> 'awaiting_upload')
union all
select 'something was read of a file that never came, or failed for good', f.id::text
from public.files as f
where (f.status = 'awaiting_upload' or (f.status = 'failed' and not coalesce((f.error ->> 'retryable')::boolean, false)))
    and exists (select 1 from public.pages as p where p.file_id = f.id)
union all
select 'a file failed without a reason', f.id::text
from public.files as f
where (f.status = 'failed') <> (f.error is not null)
union all
select 'the same bytes are ready twice', min(f.id)::text
from public.files as f
where f.status = 'ready'
group by f.user_id, f.sha256
having count(*) > 1
union all
select 'a page or chunk is not its file''s owner''s', f.id::text
from public.files as f
where exists (select 1 from public.pages as p where p.file_id = f.id and p.user_id <> f.user_id)
    or exists (select 1 from public.chunks as c where c.file_id = f.id and c.user_id <> f.user_id)
union all
select 'a chunk does not stand where it says', c.file_id || '/' || c.ordinal
from public.chunks as c
left join public.pages as p on p.file_id = c.file_id and p.number = c.page
where p.text is null or substr(p.text, c.start + 1, char_length(c.text)) <> c.text

-- The storage holds what the rows name, and what the outbox names; nothing lies outside its owner's folder.
union all
select 'a ready file has no object', f.id::text
from public.files as f
where f.status = 'ready' and not exists (select 1 from storage.objects as o where o.bucket_id = 'files' and o.name = f.path)
union all
select 'an object that no row names', o.name
from storage.objects as o
where o.bucket_id = 'files'
    and not exists (select 1 from public.files as f where f.path = o.name)
    and not exists (select 1 from public.object_deletions as d where d.path = o.name)
union all
select 'an object outside every folder', o.name
from storage.objects as o
where o.bucket_id = 'files' and o.name !~ '^[0-9]+/[0-9a-f-]{36}$'
union all
select 'a file outside its owner''s folder', f.id::text
from public.files as f
where not starts_with(f.path, f.user_id || '/')
union all
select 'the outbox names an object that is in use', d.path
from public.object_deletions as d
inner join public.files as f on f.path = d.path

-- An answer says what it is: answered has citations, each after its marker, with the words of the page.
union all
select 'an answered query shows nothing that holds', q.id::text
from public.queries as q
where q.status = 'answered' and (jsonb_array_length(q.citations) = 0 or q.response = '')
union all
select 'a query that is not done, or failed, has a response', q.id::text
from public.queries as q
where q.status in ('streaming', 'failed') and q.response <> ''
union all
select 'a citation stands at no marker of its own', q.id::text
from public.queries as q
cross join lateral jsonb_array_elements(q.citations) as c
where right(left(q.response, (c ->> 'position')::integer), char_length('[' || (c ->> 'marker') || ']')) <> '[' || (c ->> 'marker') || ']'
union all
select 'a quote is not what the page says', q.id::text
from public.queries as q
cross join lateral jsonb_array_elements(q.citations) as c
inner join public.pages as p on p.file_id = (c ->> 'file_id')::bigint and p.number = (c ->> 'page')::integer
where substr(p.text, (c ->> 'start')::integer + 1, (c ->> 'end')::integer - (c ->> 'start')::integer) <> c ->> 'quote'
union all
select 'a citation of somebody else''s file', q.id::text
from public.queries as q
cross join lateral jsonb_array_elements(q.citations) as c
inner join public.files as f on f.id = (c ->> 'file_id')::bigint
where f.user_id <> q.user_id
union all
select 'a chat is not its query''s owner''s', q.id::text
from public.queries as q
inner join public.chats as c on c.id = q.chat_id
where c.user_id <> q.user_id
union all
select 'a chat miscounts its queries', c.id
from public.chats as c
where c.query_count <> (select count(*) from public.queries as q where q.chat_id = c.id)

-- Billed once: what is settled by what was used, what is not by what was reserved.
union all
select 'a day''s usage is not the sum of its queries', u.user_id || ' ' || u.day
from public.daily_usage as u
inner join lateral (
    select
        count(*) as query_count,
        coalesce(sum(
            case
                when q.status = 'streaming' or (q.status = 'interrupted' and q.prompt_tokens + q.completion_tokens = 0)
                    then q.reserved_tokens
                else q.prompt_tokens + q.completion_tokens
            end
        ), 0) as token_count
    from public.queries as q
    where q.user_id = u.user_id and (q.timestamp at time zone 'utc')::date = u.day
) as q on true
-- Deleted chats leave their part of the day's usage behind.
where (u.query_count = q.query_count and u.token_count <> q.token_count) or u.query_count < q.query_count
union all
select 'the deployment spent less than its users', u.day::text
from public.daily_usage as u
inner join public.deployment_usage as d on d.day = u.day
group by u.day, d.token_count
having sum(u.token_count) > d.token_count

-- One refresh token of a session is in force: the newest.
union all
select 'a session whose token in force is not its newest', s.id::text
from public.sessions as s
where s.generation <> (select max(t.generation) from private.refresh_tokens as t where t.session_id = s.id)
    or exists (select 1 from private.refresh_tokens as t where t.session_id = s.id and t.generation < s.generation and t.used_at is null)
