-- Schemas, and what every later migration leans on.
--
-- The rule of the whole schema: a user's role (authenticated) may only select, and row level security shows
-- each user what is theirs. Every write is a function that checks in the same statement that the session lives.
-- Functions in public are what the Data API offers; they run as their caller (security invoker). What a user's
-- role may not do itself stands in private, which the Data API does not show.

create schema if not exists extensions;
create extension if not exists vector with schema extensions;

create schema if not exists private;
comment on schema private is 'Helper functions. Not exposed by the Data API.';
revoke all on schema private from public;
grant usage on schema private to authenticated, service_role;

-- Nothing is open by default: what is granted stands beside the object it is granted on.
revoke all on schema public from public;
grant usage on schema public to anon, authenticated, service_role;
alter default privileges in schema public revoke all on tables from anon, authenticated;
alter default privileges in schema public revoke all on sequences from anon, authenticated;
alter default privileges in schema public revoke execute on functions from public, anon, authenticated;
alter default privileges in schema private revoke execute on functions from public, anon, authenticated;
alter default privileges revoke execute on functions from public;

create or replace function private.claims() returns jsonb
language sql stable set search_path = ''
as $$ select coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb $$;
comment on function private.claims() is 'The claims of the database token of this request.';

create or replace function private.claim_as_id(name text) returns bigint
language sql stable set search_path = ''
as $$
    -- A token of someone else's making may hold a uuid or nothing: it is then no user of ours, and no error.
    select case when private.claims() ->> name ~ '^[0-9]{1,18}$' then (private.claims() ->> name)::bigint end
$$;

create or replace function private.user_id() returns bigint
language sql stable set search_path = ''
as $$ select private.claim_as_id('sub') $$;
comment on function private.user_id() is 'The user this request runs for, or null.';

grant execute on function private.claims(), private.claim_as_id(text), private.user_id() to authenticated, service_role;

create or replace function private.refuse(slug text, extensions jsonb default '{}') returns void
language plpgsql set search_path = ''
as $$
begin
    -- lib/adapters/database.py turns this into the problem of that slug.
    raise exception using errcode = 'P0001', message = slug, detail = extensions::text;
end
$$;
comment on function private.refuse(text, jsonb) is 'Raise the problem of this slug (docs/problems.md).';
grant execute on function private.refuse(text, jsonb) to authenticated, service_role;
