-- Accounts: users, their sessions, the refresh tokens of a session, and the counted failures of signing in.
--
-- What stands in public with a grant to service_role is called with the secret key, for who is not yet known:
-- register, sign in, refresh, sign out. Everything else runs as the user.

-- Tables

create table if not exists public.users (
    id bigint generated always as identity,
    username text not null,
    password_hash text not null,
    created_at timestamptz not null default now(),
    disabled_at timestamptz,
    password_expires_at timestamptz,
    constraint users_pkey primary key (id),
    constraint users_username_key unique (username),
    constraint users_username_check check (username ~ '^[a-z0-9._-]{3,32}$')
);
comment on table public.users is 'Who has an account.';
comment on column public.users.username is 'Folded to lower case before it comes here, so that it is unique without regard to case.';
comment on column public.users.password_hash is 'Scheme, id of the key of the pre-hash and bcrypt string: lib/domain/passwords.py.';
comment on column public.users.disabled_at is 'Set: may not sign in, and no session of theirs lives.';
comment on column public.users.password_expires_at is 'Set: the password is a one-time passphrase, good until then and only for choosing another.';

create table if not exists public.sessions (
    id bigint generated always as identity,
    handle uuid not null,
    user_id bigint not null,
    generation integer not null default 1,
    created_at timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    idle_expires_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    user_agent text,
    constraint sessions_pkey primary key (id),
    constraint sessions_handle_key unique (handle),
    constraint sessions_user_id_fkey foreign key (user_id) references public.users (id) on delete cascade,
    constraint sessions_user_agent_check check (char_length(user_agent) <= 200)
);
create index if not exists sessions_user_id_idx on public.sessions (user_id);
comment on table public.sessions is 'One sign-in on one device.';
comment on column public.sessions.handle is 'The name of the session in its refresh tokens; made by the function, so that the first token needs no round trip.';
comment on column public.sessions.generation is 'Generation of the refresh token in force.';
comment on column public.sessions.last_used_at is 'The last sign-in or refresh.';
comment on column public.sessions.idle_expires_at is 'Over if it is not refreshed until then.';
comment on column public.sessions.expires_at is 'Over then, however much it is used.';
comment on column public.sessions.ended_at is 'Set: over before its time, by signing out, by a new password, or because a used refresh token came back.';
comment on column public.sessions.user_agent is 'What the browser says of itself, for the list of sessions; nothing depends on it.';

create table if not exists private.refresh_tokens (
    session_id bigint not null,
    generation integer not null,
    token_hash text not null,
    used_at timestamptz,
    constraint refresh_tokens_pkey primary key (session_id, generation),
    constraint refresh_tokens_session_id_fkey foreign key (session_id) references public.sessions (id) on delete cascade
);
comment on table private.refresh_tokens is 'The newest generations of refresh tokens of each session.';
comment on column private.refresh_tokens.generation is 'Counted from 1; each use of the token in force makes the next.';
comment on column private.refresh_tokens.token_hash is 'SHA-256 in hexadecimal digits; the token itself is nowhere.';
comment on column private.refresh_tokens.used_at is 'The first use; null for the token in force.';

-- Who may read what

alter table public.users enable row level security;
alter table public.sessions enable row level security;
alter table private.refresh_tokens enable row level security;

drop policy if exists "users read their own account" on public.users;
create policy "users read their own account" on public.users
for select to authenticated using (id = (select private.user_id()));
drop policy if exists "users read their own sessions" on public.sessions;
create policy "users read their own sessions" on public.sessions
for select to authenticated using (user_id = (select private.user_id()));

revoke all on public.users, public.sessions from anon, authenticated;
grant select (id, username, created_at) on public.users to authenticated;
grant select (id, user_id, created_at, last_used_at, idle_expires_at, expires_at, ended_at, user_agent)
on public.sessions to authenticated;
grant select, insert, update, delete
on public.users, public.sessions, private.refresh_tokens to service_role;

-- Does the session live?

create or replace function private.is_living(p_session public.sessions, p_user public.users) returns boolean
language sql stable set search_path = ''
as $$
    select p_session.ended_at is null
        and p_session.idle_expires_at > now()
        and p_session.expires_at > now()
        and p_user.disabled_at is null
        and (p_user.password_expires_at is null or p_user.password_expires_at > now())
$$;
grant execute on function private.is_living(public.sessions, public.users) to service_role;

create or replace function private.require_session(p_before_password_change boolean default false) returns bigint
language plpgsql stable security definer set search_path = ''
as $$
declare
    session public.sessions;
    owner public.users;
begin
    select * into session from public.sessions as s
    where s.id = private.claim_as_id('sid') and s.user_id = private.user_id();
    select * into owner from public.users as u where u.id = session.user_id;
    if session.id is null or not private.is_living(session, owner) then
        perform private.refuse('session-ended');
    end if;
    if owner.password_expires_at is not null and not p_before_password_change then
        perform private.refuse('password-change-required');
    end if;
    return session.user_id;
end
$$;
comment on function private.require_session(boolean) is 'The user of this request if its session lives; otherwise the problem session-ended. Every function that writes begins here.';
grant execute on function private.require_session(boolean) to authenticated;

create or replace function private.lock_user(p_user_id bigint) returns void
language plpgsql set search_path = ''
as $$
begin
    perform 1 from public.users as u where u.id = p_user_id for no key update;
    if not found then
        perform private.refuse('session-ended');
    end if;
end
$$;
comment on function private.lock_user(bigint) is 'Let no two functions that count what a user has run at once; session-ended if the account was erased while waiting.';

-- Beginning a session

create or replace function private.user_as_json(p_user public.users) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object(
        'id', p_user.id, 'username', p_user.username, 'created_at', p_user.created_at,
        'must_change_password', p_user.password_expires_at is not null
    )
$$;
grant execute on function private.user_as_json(public.users) to service_role;

create or replace function private.begin_session(p_user public.users, p_session jsonb) returns jsonb
language plpgsql set search_path = ''
as $$
declare
    new_id bigint;
begin
    -- A browser has one session: whoever signs in takes the place of whoever was signed in there.
    update public.sessions as s set ended_at = now()
    where s.handle = (p_session ->> 'replaced')::uuid and s.ended_at is null;
    insert into public.sessions (handle, user_id, idle_expires_at, expires_at, user_agent)
    values (
        (p_session ->> 'handle')::uuid,
        p_user.id,
        now() + make_interval(secs => (p_session ->> 'idle_seconds')::integer),
        now() + make_interval(secs => (p_session ->> 'lifetime_seconds')::integer),
        left(p_session ->> 'user_agent', 200)
    ) returning id into new_id;
    insert into private.refresh_tokens (session_id, generation, token_hash)
    values (new_id, 1, p_session ->> 'token_hash');
    return jsonb_build_object('session_id', new_id, 'user', private.user_as_json(p_user));
end
$$;
comment on function private.begin_session(public.users, jsonb) is 'p_session: handle, replaced (the handle of the session that the browser had, or null), token_hash of generation 1, idle_seconds, lifetime_seconds, user_agent.';
grant execute on function private.begin_session(public.users, jsonb) to service_role;

create or replace function public.register_user(p_username text, p_password_hash text, p_session jsonb) returns jsonb
language plpgsql set search_path = ''
as $$
declare
    new_user public.users;
begin
    insert into public.users (username, password_hash) values (p_username, p_password_hash)
    on conflict (username) do nothing
    returning * into new_user;
    if new_user.id is null then
        perform private.refuse('username-taken');
    end if;
    return private.begin_session(new_user, p_session);
end
$$;
comment on function public.register_user(text, text, jsonb) is 'Make an account and sign it in.';
grant execute on function public.register_user(text, text, jsonb) to service_role;

create or replace function private.end_sessions(p_user_id bigint, p_but_session_id bigint default null) returns void
language sql set search_path = ''
as $$
    update public.sessions as s set ended_at = now()
    where s.user_id = p_user_id and s.ended_at is null and s.id is distinct from p_but_session_id
$$;
grant execute on function private.end_sessions(bigint, bigint) to service_role;

-- The own account

create or replace function public.list_sessions(p_cursor bigint, p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
    select coalesce(jsonb_agg(to_jsonb(l) order by l.id desc), '[]')
    from (
        select
            s.id, s.created_at, s.last_used_at, s.user_agent,
            least(s.idle_expires_at, s.expires_at) as expires_at,
            s.id is not distinct from private.claim_as_id('sid') as current
        from public.sessions as s
        where s.user_id = private.user_id() and s.ended_at is null
            and s.idle_expires_at > now() and s.expires_at > now()
            and (p_cursor is null or s.id < p_cursor)
        order by s.id desc
        limit p_limit
    ) as l
$$;
comment on function public.list_sessions(bigint, integer) is 'Where the user is signed in, newest first.';
grant execute on function public.list_sessions(bigint, integer) to authenticated;

create or replace function private.end_session(p_session_id bigint) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    owner_id bigint := private.require_session(true);
begin
    update public.sessions as s set ended_at = now()
    where s.id = p_session_id and s.user_id = owner_id and s.ended_at is null
        and s.idle_expires_at > now() and s.expires_at > now();
    if not found then
        perform private.refuse('session-not-found');
    end if;
end
$$;
grant execute on function private.end_session(bigint) to authenticated;

create or replace function public.end_session(p_session_id bigint) returns jsonb
language plpgsql set search_path = ''
as $$
begin
    perform private.end_session(p_session_id);
    return '{}';
end
$$;
comment on function public.end_session(bigint) is 'End one of the user''s own sessions; the problem session-not-found if none of that id lives.';
grant execute on function public.end_session(bigint) to authenticated;
