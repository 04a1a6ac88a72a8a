-- Chats, queries (one question with its response), what they cost, and how a question begins and ends.

create table if not exists public.chats (
    id text primary key,
    user_id bigint not null references public.users (id) on delete cascade,
    title text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    query_count integer not null default 0,
    constraint chats_id_check check (id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')
);
comment on table public.chats is 'Conversations. The id is a uuid as text.';
comment on column public.chats.title is 'The first question, shortened, until the user chooses another.';
comment on column public.chats.updated_at is 'When its last question began.';
comment on column public.chats.query_count is 'Questions ever asked in it.';
create index if not exists chats_user_id_updated_at_idx on public.chats (user_id, updated_at desc, id desc);

create table if not exists public.queries (
    id bigint generated always as identity primary key,
    user_id bigint not null references public.users (id) on delete cascade,
    chat_id text not null references public.chats (id) on delete cascade,
    query_text text not null,
    response text not null default '',
    timestamp timestamptz not null default now(),
    status text not null default 'streaming',
    citations jsonb not null default '[]',
    search_text text not null,
    prompt_tokens integer not null default 0,
    completion_tokens integer not null default 0,
    reserved_tokens integer not null,
    deadline_at timestamptz not null,
    idempotency_key text,
    request_hash text not null,
    constraint queries_status_check check (status in ('streaming', 'answered', 'not_found', 'interrupted', 'failed')),
    constraint queries_citations_check check (status <> 'answered' or jsonb_array_length(citations) > 0)
);
comment on table public.queries is 'One question with its response. The row is written before the model is called.';
comment on column public.queries.response is 'The text with its markers; as far as it came where the status is interrupted or failed.';
comment on column public.queries.timestamp is 'When it was asked.';
comment on column public.queries.status is 'streaming, then answered (with citations), not_found, interrupted or failed.';
comment on column public.queries.citations is 'Places of the response that rest on the words of a page. They outlive the file.';
comment on column public.queries.search_text is 'What was searched for: the question, languages without spaces cut into bigrams; before a question that follows up, the one it follows.';
comment on column public.queries.prompt_tokens is 'As the model counted them, or our estimate where it did not say.';
comment on column public.queries.completion_tokens is 'As prompt_tokens.';
comment on column public.queries.reserved_tokens is 'Taken from the day''s budget before the model was called; settled by what was used.';
comment on column public.queries.deadline_at is 'A row still streaming after this is read as interrupted.';
comment on column public.queries.idempotency_key is 'The Idempotency-Key of the request; forgotten after 24 hours.';
comment on column public.queries.request_hash is 'Of the body, to tell a repeat of an Idempotency-Key from another question.';
create index if not exists queries_user_id_timestamp_idx on public.queries (user_id, timestamp desc);
create index if not exists queries_chat_id_id_idx on public.queries (chat_id, id);
create unique index if not exists queries_user_id_idempotency_key_key
on public.queries (user_id, idempotency_key) where idempotency_key is not null;
create index if not exists queries_status_deadline_at_idx on public.queries (deadline_at) where status = 'streaming';

create table if not exists public.daily_usage (
    user_id bigint not null references public.users (id) on delete cascade,
    day date not null,
    query_count integer not null default 0,
    token_count bigint not null default 0,
    primary key (user_id, day)
);
comment on table public.daily_usage is 'What each user asked and spent on a day (UTC), reservations included.';
comment on column public.daily_usage.query_count is 'Questions begun.';
comment on column public.daily_usage.token_count is 'Tokens of prompts and answers; while an answer runs, what was reserved for it.';

create table if not exists public.deployment_usage (
    day date primary key,
    query_count integer not null default 0,
    token_count bigint not null default 0
);
comment on table public.deployment_usage is 'The same for the whole deployment: the ceiling against a runaway bill.';
comment on column public.deployment_usage.query_count is 'Questions begun.';
comment on column public.deployment_usage.token_count is 'Tokens, as in daily_usage.';

alter table public.chats enable row level security;
alter table public.queries enable row level security;
alter table public.daily_usage enable row level security;
alter table public.deployment_usage enable row level security;
revoke all on public.chats, public.queries, public.daily_usage, public.deployment_usage from anon, authenticated;
grant select on public.chats, public.queries, public.daily_usage to authenticated;
grant all on public.chats, public.queries, public.daily_usage, public.deployment_usage to service_role;

drop policy if exists "users read their own chats" on public.chats;
create policy "users read their own chats" on public.chats
for select to authenticated using (user_id = (select private.user_id()));
drop policy if exists "users read their own queries" on public.queries;
create policy "users read their own queries" on public.queries
for select to authenticated using (user_id = (select private.user_id()));
drop policy if exists "users read their own usage" on public.daily_usage;
create policy "users read their own usage" on public.daily_usage
for select to authenticated using (user_id = (select private.user_id()));

create or replace function private.query_as_json(q public.queries) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object(
        'id', q.id,
        'chat_id', q.chat_id,
        'query_text', q.query_text,
        'response', q.response,
        'citations', q.citations,
        -- The job only tidies: a row past its deadline is read as interrupted whether the job ran or not.
        'status', case when q.status = 'streaming' and q.deadline_at < now() then 'interrupted' else q.status end,
        'usage', jsonb_build_object('prompt_tokens', q.prompt_tokens, 'completion_tokens', q.completion_tokens),
        'timestamp', q.timestamp
    )
$$;
grant execute on function private.query_as_json(public.queries) to authenticated, service_role;

-- Retrieval.

create or replace function private.any_lexeme(p_config regconfig, p_text text) returns tsquery
language sql immutable set search_path = ''
as $$
    -- Joined with OR: with AND, as plainto_tsquery joins them, a question in whole sentences finds little
    -- (R@1 .919 against far less on XQuAD).
    select coalesce(
        string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''', ' | ')::tsquery, ''::tsquery
    )
    from unnest(tsvector_to_array(to_tsvector(p_config, p_text))) as lexeme
$$;

-- For a day it took another argument, which may be left out: a call of the one below would have meant either.
drop function if exists private.retrieve(bigint, bigint[], text, extensions.halfvec, jsonb, text);
create or replace function private.retrieve(
    p_user_id bigint, p_file_ids bigint[], p_search_text text, p_embedding extensions.halfvec, p_retrieval jsonb
) returns jsonb
-- Not in SQL: of this a connection keeps the plan, which takes as long to make as the chunks of most students to look at.
language plpgsql stable set search_path = ''
as $$
declare
    v_has_embedding integer := (p_embedding is not null)::integer;
    v_embedding_share float := v_has_embedding * (p_retrieval ->> 'embedding_share')::float;
    v_foreign_embedding_share float := v_has_embedding * (p_retrieval ->> 'foreign_embedding_share')::float;
    -- Functions that were deployed before it send none.
    v_name_share float := coalesce((p_retrieval ->> 'name_share')::float, 0);
    v_min_similarity float := p_retrieval ->> 'min_similarity';
    -- What is asked now, where a question before is searched for as well.
    v_own_text text := coalesce(p_retrieval ->> 'own_text', p_search_text);
    -- What "practical-03" has and "practical 3" has not. Postgres by itself would take "lecture.pdf" for the name of a host.
    v_apart text := '[-_.]+0*(?=\d)|[-_.]+|\m0+(?=\d)';
begin
    return (
        with scope as materialized (
            select
                f.id, f.filename, f.text_config::regconfig as config,
                -- How much the embedding counts follows what the embedder can do for the file's language.
                case
                    when p_retrieval -> 'embedding_languages' ?| array[f.language, 'all'] then v_embedding_share
                    else v_foreign_embedding_share
                end as share
            from public.files as f
            where f.user_id = p_user_id and f.status = 'ready' and (p_file_ids is null or f.id = any(p_file_ids))
        ),
        wanted as materialized (
            -- Once for each configuration, not for each file.
            select
                configs.config, private.any_lexeme(configs.config, p_search_text) as words,
                tsvector_to_array(to_tsvector(configs.config, regexp_replace(p_search_text, v_apart, ' ', 'g'))) as said,
                tsvector_to_array(to_tsvector(configs.config, regexp_replace(v_own_text, v_apart, ' ', 'g'))) as said_now
            from (select distinct scope.config from scope) as configs
        ),
        names as (
            -- A word that many files are called by tells little: of "practical 3" it is the number that tells.
            select
                s.id, 1 / (count(*) over (partition by name))::float as weight,
                -- "And with practical 4?" names that one more than the one before; "And who helps?" names the one before alone.
                ((name = any(w.said))::integer + (name = any(w.said_now))::integer) / 2.0::float as said
            from scope as s
            inner join wanted as w on w.config = s.config
            cross join unnest(tsvector_to_array(to_tsvector(
                s.config, regexp_replace(regexp_replace(s.filename, '\.[^.]*$', ''), v_apart, ' ', 'g')
            ))) as name
        ),
        calls as (
            select id, sum(weight * said) / sum(weight) as called from names group by id
        ),
        asked as materialized (
            select s.id, s.share, w.words, coalesce(calls.called, 0) as called
            from scope as s
            inner join wanted as w on w.config = s.config
            left join calls on calls.id = s.id
        ),
        scored as materialized (
            -- Every chunk in scope is looked at, once, by the primary key: nothing is missed. What that takes grows with what the
            -- one user has, which MAX_CHUNKS_PER_USER limits (docs/scale.md).
            select
                c.file_id, c.ordinal, a.share, a.called,
                -- ts_rank with normalisation 1, not ts_rank_cd: .919 against .759 at R@1. Most chunks have none of the words, and
                -- to find that out is cheaper.
                case when c.search @@ a.words then ts_rank(c.search, a.words, 1) else 0 end as text_score,
                -- Of vectors of length 1, which all are (lib/adapters/models.py), the inner product is the cosine.
                greatest(-(c.embedding operator(extensions.<#>) p_embedding), 0) as similarity
            from asked as a
            inner join public.chunks as c on c.file_id = a.id
        ),
        tops as materialized (
            select nullif(max(text_score), 0) as text_score, nullif(max(similarity), 0) as similarity from scored
        ),
        best as (
            -- A convex combination of the scores, each as a share of the best one (bench/retrieval.py): against reciprocal ranks it
            -- keeps how much better the best is, and a weak embedder spoils nothing.
            select
                s.file_id, s.ordinal,
                (1 - v_name_share) * (
                    (1 - s.share) * coalesce(s.text_score / t.text_score, 0)
                    + s.share * coalesce(s.similarity / t.similarity, 0)
                ) + v_name_share * s.called as score
            from scored as s
            cross join tops as t
            where s.text_score > 0 or s.similarity >= v_min_similarity
            order by score desc, s.file_id, s.ordinal
            limit (p_retrieval ->> 'passages')::integer
        )
        select coalesce(jsonb_agg(
            jsonb_build_object(
                'rank', b.place, 'file_id', b.file_id, 'filename', s.filename, 'page', c.page,
                'start', c.start, 'text', c.text, 'heading', c.heading, 'score', b.score
            ) order by b.place
        ), '[]')
        from (select *, row_number() over (order by score desc, file_id, ordinal) as place from best) as b
        inner join scope as s on s.id = b.file_id
        inner join public.chunks as c on c.file_id = b.file_id and c.ordinal = b.ordinal
    );
end
$$;
comment on function private.retrieve(bigint, bigint[], text, extensions.halfvec, jsonb) is 'The best passages for a question in a user''s ready files, by text search and embedding fused, and by the file''s name.';

-- A question begins: session, repeats, chat, files, limits, row, recent turns and passages in one round trip.

create or replace function private.find_repeat(p_user_id bigint, p_question jsonb) returns jsonb
language plpgsql set search_path = ''
as $$
declare
    v_query public.queries;
begin
    select * into v_query from public.queries
    where user_id = p_user_id and idempotency_key = p_question ->> 'idempotency_key';
    if not found then
        return null;
    end if;
    if v_query.timestamp < now() - interval '24 hours' then
        update public.queries set idempotency_key = null where id = v_query.id;
        return null;
    end if;
    if v_query.request_hash <> p_question ->> 'request_hash' then
        perform private.refuse('idempotency-mismatch');
    end if;
    if v_query.status = 'streaming' and v_query.deadline_at > now() then
        perform private.refuse('idempotency-conflict', '{"retry_after_seconds": 5}');
    end if;
    return private.query_as_json(v_query);
end
$$;

create or replace function private.repeat_query(p_question jsonb) returns jsonb
language sql security definer set search_path = ''
as $$ select private.find_repeat(private.require_session(), p_question) $$;
grant execute on function private.repeat_query(jsonb) to authenticated;

create or replace function public.repeat_query(p_question jsonb) returns jsonb
language sql set search_path = ''
as $$ select private.repeat_query(p_question) $$;
comment on function public.repeat_query(jsonb) is 'The query that was begun with this Idempotency-Key, or null: asked first by who has begun it, and so embeds nothing.';
grant execute on function public.repeat_query(jsonb) to authenticated;

create or replace function private.check_files(p_user_id bigint, p_file_ids bigint[]) returns void
language plpgsql stable set search_path = ''
as $$
declare
    v_wanted bigint := (select count(distinct id) from unnest(p_file_ids) as id);
    v_statuses text[] := (select array_agg(f.status) from public.files as f where f.user_id = p_user_id and f.id = any(p_file_ids));
begin
    if p_file_ids is not null and coalesce(cardinality(v_statuses), 0) < v_wanted then
        perform private.refuse('file-not-found');
    end if;
    if exists (select 1 from unnest(v_statuses) as status where status <> 'ready') then
        perform private.refuse('file-not-ready');
    end if;
end
$$;

create or replace function private.seconds_to_midnight() returns integer
language sql stable set search_path = ''
as $$ select ceil(extract(epoch from (date_trunc('day', now() at time zone 'utc') + interval '1 day') - now() at time zone 'utc'))::integer $$;

-- Reserve, not check: the row locks of the two updates put parallel questions in a line, and a question that would
-- go over a limit rolls its own reservation back.
create or replace function private.reserve_usage(p_user_id bigint, p_tokens integer, p_limits jsonb) returns void
language plpgsql set search_path = ''
as $$
declare
    v_day date := (now() at time zone 'utc')::date;
    v_usage public.daily_usage;
    v_total bigint;
    v_wait jsonb := jsonb_build_object('retry_after_seconds', private.seconds_to_midnight());
begin
    insert into public.daily_usage as u (user_id, day, query_count, token_count)
    values (p_user_id, v_day, 1, p_tokens)
    on conflict (user_id, day) do update set
        query_count = u.query_count + 1, token_count = u.token_count + excluded.token_count
    returning * into v_usage;
    if v_usage.query_count > (p_limits ->> 'user_queries')::integer or v_usage.token_count > (p_limits ->> 'user_tokens')::bigint then
        perform private.refuse('daily-limit-reached', v_wait);
    end if;
    if (
        select count(*) from public.queries as q
        where q.user_id = p_user_id and q.status = 'streaming' and q.deadline_at > now()
    ) >= (p_limits ->> 'streams')::integer then
        perform private.refuse('too-many-streams', '{"retry_after_seconds": 5}');
    end if;
    insert into public.deployment_usage as d (day, query_count, token_count)
    values (v_day, 1, p_tokens)
    on conflict (day) do update set query_count = d.query_count + 1, token_count = d.token_count + excluded.token_count
    returning token_count into v_total;
    if v_total > (p_limits ->> 'deployment_tokens')::bigint then
        perform private.refuse('capacity-exhausted', v_wait);
    end if;
end
$$;

create or replace function private.recent_turns(p_chat_id text, p_count integer) returns jsonb
language sql stable set search_path = ''
as $$
    select coalesce(jsonb_agg(jsonb_build_object('query_text', q.query_text, 'response', q.response) order by q.id), '[]')
    from (
        select id, query_text, response from public.queries
        where chat_id = p_chat_id and status in ('answered', 'not_found', 'interrupted')
        order by id desc limit p_count
    ) as q
$$;

create or replace function private.begin_query(
    p_question jsonb, p_file_ids bigint[], p_embedding text, p_limits jsonb, p_retrieval jsonb
) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    v_user_id bigint := private.require_session();
    v_chat_id text := p_question ->> 'chat_id';
    v_search_text text := p_question ->> 'search_text';
    v_repeat jsonb;
    v_turns jsonb;
    v_passages jsonb;
    v_query public.queries;
begin
    -- One question of a user begins after the other: two with one Idempotency-Key cannot both be the first.
    perform private.lock_user(v_user_id);
    v_repeat := private.find_repeat(v_user_id, p_question);
    if v_repeat is not null then
        return jsonb_build_object('repeat', true, 'query', v_repeat);
    end if;
    perform private.check_files(v_user_id, p_file_ids);
    if v_chat_id is null then
        insert into public.chats (id, user_id, title)
        values (gen_random_uuid()::text, v_user_id, p_question ->> 'title')
        returning id into v_chat_id;
    else
        -- It is deleted before this question or after it.
        perform 1 from public.chats where id = v_chat_id and user_id = v_user_id for no key update;
        if not found then
            perform private.refuse('chat-not-found');
        end if;
    end if;
    v_turns := private.recent_turns(v_chat_id, (p_retrieval ->> 'turns')::integer);
    if (p_question ->> 'follows_up')::boolean then
        v_search_text := v_search_text || ' ' || coalesce(
            (select q.search_text from public.queries as q where q.chat_id = v_chat_id order by q.id desc limit 1), ''
        );
    end if;
    v_passages := private.retrieve(
        v_user_id, p_file_ids, v_search_text, p_embedding::extensions.halfvec,
        p_retrieval || jsonb_build_object('own_text', p_question -> 'search_text')
    );
    -- Last, because all users' questions meet at the row of the deployment's usage.
    perform private.reserve_usage(v_user_id, greatest((p_question ->> 'reserved_tokens')::integer, 0), p_limits);
    insert into public.queries (
        user_id, chat_id, query_text, search_text, reserved_tokens, deadline_at, idempotency_key, request_hash
    )
    values (
        v_user_id, v_chat_id, p_question ->> 'query_text', left(v_search_text, 4000),
        greatest((p_question ->> 'reserved_tokens')::integer, 0),
        now() + make_interval(secs => (p_question ->> 'deadline_seconds')::integer),
        p_question ->> 'idempotency_key', p_question ->> 'request_hash'
    )
    returning * into v_query;
    update public.chats set updated_at = now(), query_count = query_count + 1 where id = v_chat_id;
    return jsonb_build_object(
        'repeat', false,
        'query', private.query_as_json(v_query),
        'turns', v_turns,
        'passages', v_passages
    );
end
$$;
grant execute on function private.begin_query(jsonb, bigint[], text, jsonb, jsonb) to authenticated;

create or replace function public.begin_query(
    p_question jsonb, p_file_ids bigint[], p_embedding text, p_limits jsonb, p_retrieval jsonb
) returns jsonb
language sql set search_path = ''
as $$ select private.begin_query(p_question, p_file_ids, p_embedding, p_limits, p_retrieval) $$;
comment on function public.begin_query(jsonb, bigint[], text, jsonb, jsonb) is 'Begin a question in one round trip: session, repeats, files, limits, row, recent turns and passages: {repeat, query, turns, passages}.';

-- A question ends, once: what was reserved is settled by what was used. A session that ended meanwhile does not matter:
-- an answer is never lost.

create or replace function private.settle_usage(v_query public.queries, p_used_tokens integer) returns void
language plpgsql set search_path = ''
as $$
begin
    update public.daily_usage set token_count = token_count - v_query.reserved_tokens + p_used_tokens
    where user_id = v_query.user_id and day = (v_query.timestamp at time zone 'utc')::date;
    update public.deployment_usage set token_count = token_count - v_query.reserved_tokens + p_used_tokens
    where day = (v_query.timestamp at time zone 'utc')::date;
end
$$;

-- Told by a model endpoint: whatever it says, it neither opens a budget again nor keeps an answer from being stored.
create or replace function private.told_tokens(p_told text) returns integer
language sql immutable set search_path = ''
as $$ select least(greatest(coalesce(p_told::numeric, 0), 0), 1000000)::integer $$;

create or replace function private.finish_query(p_query_id bigint, p_result jsonb) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    v_query public.queries;
    v_prompt_tokens integer := private.told_tokens(p_result ->> 'prompt_tokens');
    v_completion_tokens integer := private.told_tokens(p_result ->> 'completion_tokens');
begin
    select * into v_query from public.queries
    where id = p_query_id and user_id = private.user_id() for update;
    if not found then
        return null;
    end if;
    if v_query.status <> 'streaming' then
        return private.query_as_json(v_query);
    end if;
    update public.queries set
        status = p_result ->> 'status',
        response = p_result ->> 'response',
        citations = p_result -> 'citations',
        prompt_tokens = v_prompt_tokens,
        completion_tokens = v_completion_tokens
    where id = p_query_id;
    perform private.settle_usage(v_query, v_prompt_tokens + v_completion_tokens);
    return (select private.query_as_json(q) from public.queries as q where q.id = p_query_id);
end
$$;
grant execute on function private.finish_query(bigint, jsonb) to authenticated;

create or replace function public.finish_query(p_query_id bigint, p_result jsonb) returns jsonb
language sql set search_path = ''
as $$ select private.finish_query(p_query_id, p_result) $$;
comment on function public.finish_query(bigint, jsonb) is 'Store the answer of a question, once, and settle what it cost. Null if the question is gone.';

grant execute on function public.begin_query(jsonb, bigint[], text, jsonb, jsonb), public.finish_query(bigint, jsonb)
to authenticated;
