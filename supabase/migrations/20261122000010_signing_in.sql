-- Signing in, refreshing, choosing another password, and what an administrator does to an account.

create table if not exists private.sign_in_failures (
    id bigint generated always as identity,
    name_key text not null,
    address_key text not null,
    failed_at timestamptz not null default clock_timestamp(),
    running_until timestamptz,
    constraint sign_in_failures_pkey primary key (id)
);
create index if not exists sign_in_failures_name_key_failed_at_idx on private.sign_in_failures (name_key, failed_at);
create index if not exists sign_in_failures_failed_at_idx on private.sign_in_failures (failed_at);
comment on table private.sign_in_failures is 'A row per attempt to sign in: running while the password is compared, then failed, or taken back if it was right.';
comment on column private.sign_in_failures.name_key is 'Keyed hash of the submitted name, whether such a user exists or not.';
comment on column private.sign_in_failures.address_key is 'Keyed hash of the address it came from.';
comment on column private.sign_in_failures.failed_at is 'When it was found wrong, or begun; after a day it counts no more.';
comment on column private.sign_in_failures.running_until is 'Set: the password is being compared. What has not ended by then has died, and counts as failed.';

alter table private.sign_in_failures enable row level security;
grant select, insert, update, delete on private.sign_in_failures to service_role;

-- Signing in: only failures are counted against who asks. Per name and address 5 are free, then the wait doubles from
-- 2 s to 15 min; per name over all addresses 100 within an hour. A day without failures makes good. Attempts at the
-- same moment cannot slip through together: only so many run as may still fail, and the others come when one has ended.

create or replace function private.sign_in_wait_seconds(p_name_key text, p_address_key text) returns integer
language sql stable set search_path = ''
as $$
    with of_address as (
        select count(*) as failures, max(f.failed_at) as last_failed_at
        from private.sign_in_failures as f
        where f.name_key = p_name_key and f.address_key = p_address_key
            and f.failed_at > clock_timestamp() - interval '1 day'
            and (f.running_until > clock_timestamp()) is not true
    ),
    of_name as (
        select f.failed_at
        from private.sign_in_failures as f
        where f.name_key = p_name_key and f.failed_at > clock_timestamp() - interval '1 hour'
            and (f.running_until > clock_timestamp()) is not true
        order by f.failed_at desc
        offset 99 limit 1
    ),
    free_again as (
        select a.last_failed_at + make_interval(secs => least(2 ^ least(a.failures - 4, 10), 900)) as free_at
        from of_address as a
        where a.failures >= 5
        union all
        select n.failed_at + interval '1 hour' as free_at from of_name as n
    )
    select coalesce(ceil(extract(epoch from max(w.free_at) - clock_timestamp())), 0)::integer from free_again as w
$$;
comment on function private.sign_in_wait_seconds(text, text) is 'How long this name and address must wait; not positive: not at all.';
grant execute on function private.sign_in_wait_seconds(text, text) to service_role;

create or replace function private.may_begin_sign_in(p_name_key text, p_address_key text) returns boolean
language sql stable set search_path = ''
as $$
    with attempts as (
        select
            f.address_key = p_address_key as is_of_address,
            coalesce(f.running_until > clock_timestamp(), false) as is_running,
            f.failed_at > clock_timestamp() - interval '1 hour' as is_of_the_hour
        from private.sign_in_failures as f
        where f.name_key = p_name_key and f.failed_at > clock_timestamp() - interval '1 day'
    )
    select count(*) filter (where a.is_of_address and a.is_running)
        < greatest(5 - count(*) filter (where a.is_of_address and not a.is_running), 1)
        and count(*) filter (where a.is_running or a.is_of_the_hour) < 100
    from attempts as a
$$;
comment on function private.may_begin_sign_in(text, text) is 'Would this name and address stay within what is free if all that run were to fail? Past that, one at a time.';
grant execute on function private.may_begin_sign_in(text, text) to service_role;

create or replace function public.begin_sign_in(p_username text, p_name_key text, p_address_key text) returns jsonb
language plpgsql set search_path = ''
as $$
declare
    wait_seconds integer;
    is_free boolean;
    new_id bigint;
    found_user public.users;
begin
    -- One attempt of a name at a time: what is counted below stays true until this one is counted too.
    perform pg_advisory_xact_lock(hashtextextended('sign-in ' || p_name_key, 0));
    -- Both at one moment, by one statement: whoever fails between two looks neither runs any more nor made us wait.
    select private.sign_in_wait_seconds(p_name_key, p_address_key), private.may_begin_sign_in(p_name_key, p_address_key)
    into wait_seconds, is_free;
    if wait_seconds > 0 then
        return jsonb_build_object('retry_after_seconds', wait_seconds);
    end if;
    if not is_free then
        return null;
    end if;
    insert into private.sign_in_failures (name_key, address_key, running_until)
    values (p_name_key, p_address_key, clock_timestamp() + interval '30 seconds')
    returning id into new_id;
    select * into found_user from public.users as u
    where u.username = p_username and u.disabled_at is null
        and (u.password_expires_at is null or u.password_expires_at > now());
    return jsonb_build_object('id', new_id, 'user_id', found_user.id, 'password_hash', found_user.password_hash);
end
$$;
comment on function public.begin_sign_in(text, text, text) is 'Begin an attempt: {id, user_id, password_hash}, the last two null if nobody of that name may sign in; {retry_after_seconds}; or null: come again when one of those that run has ended.';
grant execute on function public.begin_sign_in(text, text, text) to service_role;

create or replace function public.fail_sign_in(p_attempt_id bigint, p_name_key text, p_address_key text) returns jsonb
language plpgsql set search_path = ''
as $$
begin
    update private.sign_in_failures as f set failed_at = clock_timestamp(), running_until = null
    where f.id = p_attempt_id;
    if not found then
        -- A right password has taken back all of this name and address meanwhile; this one was wrong all the same.
        insert into private.sign_in_failures (name_key, address_key) values (p_name_key, p_address_key);
    end if;
    return '{}';
end
$$;
comment on function public.fail_sign_in(bigint, text, text) is 'The password was wrong: the attempt counts as failed from now on.';
grant execute on function public.fail_sign_in(bigint, text, text) to service_role;

create or replace function public.finish_sign_in(
    p_user_id bigint, p_password_hash text, p_upgraded_hash text, p_name_key text, p_address_key text, p_session jsonb
) returns jsonb
language plpgsql set search_path = ''
as $$
declare
    found_user public.users;
begin
    -- The hash that was compared must still be the one in force: a reset may have come in between.
    update public.users as u set password_hash = coalesce(p_upgraded_hash, u.password_hash)
    where u.id = p_user_id and u.password_hash = p_password_hash and u.disabled_at is null
    returning * into found_user;
    if found_user.id is null then
        return null;
    end if;
    delete from private.sign_in_failures as f where f.name_key = p_name_key and f.address_key = p_address_key;
    return private.begin_session(found_user, p_session);
end
$$;
comment on function public.finish_sign_in(bigint, text, text, text, text, jsonb) is 'The password was right: forget the failures and begin a session. Null if the account has changed meanwhile.';
grant execute on function public.finish_sign_in(bigint, text, text, text, text, jsonb) to service_role;

-- The code that opens registration is one for all, so guesses at it are counted as those at one name: 100 within an hour
-- from an address, 1,000 from all. A class behind one address mistypes less. Past that the right one waits, too.
create or replace function public.try_signup_code(p_name_key text, p_address_key text, p_is_right boolean) returns jsonb
language plpgsql set search_path = ''
as $$
declare
    wait_seconds integer;
begin
    -- One at a time: guesses at the same moment cannot slip through together.
    perform pg_advisory_xact_lock(hashtextextended('signup-code', 0));
    with wrong as (
        select f.address_key, f.failed_at
        from private.sign_in_failures as f
        where f.name_key = p_name_key and f.failed_at > clock_timestamp() - interval '1 hour'
        order by f.failed_at desc
        limit 1000
    ),
    last_free as (
        (select w.failed_at from wrong as w where w.address_key = p_address_key order by w.failed_at desc offset 99 limit 1)
        union all
        (select w.failed_at from wrong as w order by w.failed_at desc offset 999 limit 1)
    )
    select ceil(extract(epoch from max(l.failed_at) + interval '1 hour' - clock_timestamp()))::integer into wait_seconds
    from last_free as l;
    if wait_seconds > 0 then
        return jsonb_build_object('retry_after_seconds', wait_seconds);
    end if;
    if not p_is_right then
        insert into private.sign_in_failures (name_key, address_key) values (p_name_key, p_address_key);
    end if;
    return '{}';
end
$$;
comment on function public.try_signup_code(text, text, boolean) is 'Count a wrong sign-up code, a right one never: {}, or {retry_after_seconds} where too many were wrong before.';
grant execute on function public.try_signup_code(text, text, boolean) to service_role;

-- Refreshing

create or replace function private.find_child(
    p_session public.sessions, p_generation integer, p_token_hash text, p_child_hashes jsonb
) returns integer
language plpgsql set search_path = ''
as $$
declare
    used private.refresh_tokens;
    child private.refresh_tokens;
begin
    select * into used from private.refresh_tokens as t
    where t.session_id = p_session.id and t.generation = p_generation;
    if used.token_hash is distinct from p_token_hash then
        return null;
    end if;
    if p_generation = p_session.generation then
        update private.refresh_tokens as t set used_at = clock_timestamp()
        where t.session_id = p_session.id and t.generation = p_generation;
        insert into private.refresh_tokens (session_id, generation, token_hash)
        values (p_session.id, p_generation + 1, p_child_hashes ->> 0);
        return 0;
    end if;
    select * into child from private.refresh_tokens as t
    where t.session_id = p_session.id and t.generation = p_generation + 1;
    if child.used_at is not null and used.used_at < clock_timestamp() - interval '10 seconds' then
        return null;
    end if;
    for i in 0 .. jsonb_array_length(p_child_hashes) - 1 loop
        if p_child_hashes ->> i = child.token_hash then
            return i;
        end if;
    end loop;
    -- The key that the child was derived with is no longer accepted: the child is derived anew.
    update private.refresh_tokens as t set token_hash = p_child_hashes ->> 0
    where t.session_id = p_session.id and t.generation = p_generation + 1 and t.used_at is null;
    return case when found then 0 end;
end
$$;
comment on function private.find_child(public.sessions, integer, text, jsonb) is 'Which of the hashes, counted from 0, is the child''s. Null: this token was used before and may not be used again.';
grant execute on function private.find_child(public.sessions, integer, text, jsonb) to service_role;

create or replace function public.rotate_refresh_token(
    p_handle uuid, p_generation integer, p_token_hash text, p_child_hashes jsonb, p_idle_seconds integer
) returns jsonb
language plpgsql set search_path = ''
as $$
declare
    session public.sessions;
    owner public.users;
    child_index integer;
begin
    -- The lock makes uses at the same moment queue: all but the first find a used token.
    select * into session from public.sessions as s where s.handle = p_handle for update;
    select * into owner from public.users as u where u.id = session.user_id;
    if session.id is null or not private.is_living(session, owner) then
        return jsonb_build_object('outcome', 'invalid');
    end if;
    child_index := private.find_child(session, p_generation, p_token_hash, p_child_hashes);
    if child_index is null then
        -- Returned and not raised: the end of the session must persist.
        update public.sessions as s set ended_at = now() where s.id = session.id;
        return jsonb_build_object('outcome', 'reused');
    end if;
    update public.sessions as s
    set generation = greatest(s.generation, p_generation + 1),
        last_used_at = now(),
        idle_expires_at = now() + make_interval(secs => p_idle_seconds)
    where s.id = session.id;
    delete from private.refresh_tokens as t where t.session_id = session.id and t.generation <= p_generation - 20;
    return jsonb_build_object(
        'outcome', 'rotated', 'child_index', child_index, 'session_id', session.id,
        'user', private.user_as_json(owner)
    );
end
$$;
comment on function public.rotate_refresh_token(uuid, integer, text, jsonb, integer) is
'Trade an authentic refresh token for its child. p_child_hashes: the child under each accepted key, the one for new tokens first. outcome: rotated, invalid, or reused, which ended the session.';
grant execute on function public.rotate_refresh_token(uuid, integer, text, jsonb, integer) to service_role;

create or replace function public.sign_out(p_handle uuid) returns jsonb
language sql set search_path = ''
as $$
    with ended as (
        update public.sessions as s set ended_at = now()
        where s.handle = p_handle and s.ended_at is null
        returning s.id
    )
    select jsonb_build_object('sessions', count(*)) from ended
$$;
comment on function public.sign_out(uuid) is 'End the session of this handle, if it lives: {sessions: how many ended}.';
grant execute on function public.sign_out(uuid) to service_role;

-- Choosing another password

create or replace function private.change_password(
    p_password_hash text, p_new_password_hash text, p_name_key text, p_address_key text
) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    owner_id bigint := private.require_session(true);
begin
    update public.users as u set password_hash = p_new_password_hash, password_expires_at = null
    where u.id = owner_id and u.password_hash = p_password_hash;
    if not found then
        perform private.refuse('invalid-credentials');
    end if;
    delete from private.sign_in_failures as f where f.name_key = p_name_key and f.address_key = p_address_key;
    perform private.end_sessions(owner_id, private.claim_as_id('sid'));
end
$$;
grant execute on function private.change_password(text, text, text, text) to authenticated;

create or replace function public.change_password(
    p_password_hash text, p_new_password_hash text, p_name_key text, p_address_key text
) returns jsonb
language plpgsql set search_path = ''
as $$
begin
    perform private.change_password(p_password_hash, p_new_password_hash, p_name_key, p_address_key);
    return '{}';
end
$$;
comment on function public.change_password(text, text, text, text) is 'Set a new password and end every other session. p_password_hash is the one that the current password was compared with.';
grant execute on function public.change_password(text, text, text, text) to authenticated;

-- Administration and tidying

create or replace function public.admin_set_passphrase(
    p_username text, p_password_hash text, p_lifetime_seconds integer, p_name_key text
) returns jsonb
language plpgsql set search_path = ''
as $$
declare
    found_user public.users;
begin
    update public.users as u
    set password_hash = p_password_hash, password_expires_at = now() + make_interval(secs => p_lifetime_seconds)
    where u.username = p_username
    returning * into found_user;
    perform private.end_sessions(found_user.id);
    delete from private.sign_in_failures as f where found_user.id is not null and f.name_key = p_name_key;
    return jsonb_build_object('user_id', found_user.id);
end
$$;
comment on function public.admin_set_passphrase(text, text, integer, text) is 'Give a user a one-time passphrase and end all their sessions. user_id is null if there is no such user.';
grant execute on function public.admin_set_passphrase(text, text, integer, text) to service_role;

create or replace function public.admin_disable(p_username text) returns jsonb
language plpgsql set search_path = ''
as $$
declare
    found_user public.users;
begin
    update public.users as u set disabled_at = coalesce(u.disabled_at, now()) where u.username = p_username
    returning * into found_user;
    perform private.end_sessions(found_user.id);
    return jsonb_build_object('user_id', found_user.id);
end
$$;
comment on function public.admin_disable(text) is 'Keep a user out and end all their sessions. user_id is null if there is no such user.';
grant execute on function public.admin_disable(text) to service_role;

create or replace function public.admin_enable(p_username text) returns jsonb
language plpgsql set search_path = ''
as $$
declare
    found_user public.users;
begin
    update public.users as u set disabled_at = null where u.username = p_username
    returning * into found_user;
    return jsonb_build_object('user_id', found_user.id);
end
$$;
comment on function public.admin_enable(text) is 'Let a user in again. user_id is null if there is no such user.';
grant execute on function public.admin_enable(text) to service_role;

create or replace function public.purge_accounts(p_limit integer) returns jsonb
language sql set search_path = ''
as $$
    with old_sessions as (
        delete from public.sessions as s
        where s.id in (
            select o.id from public.sessions as o
            where least(o.ended_at, o.idle_expires_at, o.expires_at) < now() - interval '30 days'
            limit p_limit for update skip locked
        )
        returning s.id
    ),
    old_failures as (
        delete from private.sign_in_failures as f
        where f.id in (
            select o.id from private.sign_in_failures as o where o.failed_at < now() - interval '1 day'
            limit p_limit for update skip locked
        )
        returning f.id
    )
    select jsonb_build_object(
        'sessions', (select count(*) from old_sessions), 'sign_in_failures', (select count(*) from old_failures)
    )
$$;
comment on function public.purge_accounts(integer) is 'Delete sessions over for 30 days and failures that count no more, at most p_limit of each.';
grant execute on function public.purge_accounts(integer) to service_role;
