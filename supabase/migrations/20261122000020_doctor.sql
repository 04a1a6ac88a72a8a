-- What `make doctor` and the deep health check ask of a live database. The secret key calls it.

create or replace function public.is_reachable() returns boolean
language sql stable set search_path = ''
as $$ select true $$;
comment on function public.is_reachable() is 'True: the Data API and the database answer, and the key is the secret one.';
grant execute on function public.is_reachable() to service_role;

create or replace function private.request_id() returns text
language sql stable set search_path = ''
as $$ select coalesce(nullif(current_setting('request.headers', true), ''), '{}')::jsonb ->> 'x-request-id' $$;
comment on function private.request_id() is 'X-Request-Id of the request that runs this statement: the id in the log line and in every problem.';
grant execute on function private.request_id() to authenticated, service_role;

create or replace function private.refuse(slug text, extensions jsonb default '{}') returns void
language plpgsql set search_path = ''
as $$
begin
    -- lib/adapters/database.py turns this into the problem of that slug. Postgres logs it with the hint.
    raise exception using
        errcode = 'P0001', message = slug, detail = extensions::text, hint = coalesce('request ' || private.request_id(), '');
end
$$;

create or replace function private.migrations() returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
    -- Whoever ran the files by hand has no such table.
    if to_regclass('supabase_migrations.schema_migrations') is null then
        return null;
    end if;
    return (select coalesce(jsonb_agg(m.version order by m.version), '[]') from supabase_migrations.schema_migrations as m);
end
$$;
comment on function private.migrations() is 'Versions that the Supabase CLI has applied; null if it never did.';
grant execute on function private.migrations() to service_role;

create or replace function private.open_doors() returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object(
        'tables_without_row_level_security', (
            select coalesce(jsonb_agg(c.oid::regclass::text order by c.oid::regclass::text), '[]')
            from pg_catalog.pg_class as c
            where c.relkind in ('r', 'p') and not c.relrowsecurity
                and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
        ),
        'tables_users_may_write', (
            select coalesce(jsonb_agg(c.oid::regclass::text order by c.oid::regclass::text), '[]')
            from pg_catalog.pg_class as c
            where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
                and (
                    has_any_column_privilege('authenticated', c.oid, 'insert, update')
                    or has_table_privilege('authenticated', c.oid, 'delete, truncate')
                    or has_any_column_privilege('anon', c.oid, 'select, insert, update')
                    or has_table_privilege('anon', c.oid, 'delete, truncate')
                )
        ),
        'functions_anybody_may_call', (
            select coalesce(jsonb_agg(p.oid::regprocedure::text order by p.oid::regprocedure::text), '[]')
            from pg_catalog.pg_proc as p
            where p.pronamespace = 'public'::regnamespace and has_function_privilege('anon', p.oid, 'execute')
        ),
        'policies_on_stored_objects', (
            select coalesce(jsonb_agg(p.policyname order by p.policyname), '[]')
            from pg_catalog.pg_policies as p
            where p.schemaname = 'storage' and p.tablename = 'objects'
        )
    )
$$;
comment on function private.open_doors() is 'What the migrations have closed and somebody may have opened since; every list should be empty.';
grant execute on function private.open_doors() to service_role;

create or replace function private.last_answered() returns setof public.queries
language sql stable set search_path = ''
as $$ select * from public.queries as q where q.status = 'answered' order by q.id desc limit 200 $$;
comment on function private.last_answered() is 'The last 200 answered questions of everybody.';

create or replace function private.usage_report() returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object(
        'users', (select count(*) from public.users),
        'files', (select count(*) from public.files),
        'database_bytes', pg_database_size(current_database()),
        'file_bytes', (select coalesce(sum(f.size_bytes), 0) from public.files as f),
        'tokens_today', (
            select coalesce(sum(d.token_count), 0) from public.deployment_usage as d
            where d.day = (now() at time zone 'utc')::date
        ),
        -- Of the last answered questions only, so that it stays cheap however long the history is.
        'mean_prompt_tokens', (select round(avg(q.prompt_tokens)) from private.last_answered() as q),
        'mean_completion_tokens', (select round(avg(q.completion_tokens)) from private.last_answered() as q)
    )
$$;
comment on function private.usage_report() is 'How much there is and what a question costs, in numbers that name nobody.';
grant execute on function private.usage_report(), private.last_answered() to service_role;

create or replace function public.doctor_report(p_bucket text) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object(
        'now', clock_timestamp(),
        'postgres', current_setting('server_version'),
        'migrations', private.migrations(),
        'doors', private.open_doors(),
        'bucket', (
            select jsonb_build_object(
                'public', b.public, 'file_size_limit', b.file_size_limit, 'allowed_mime_types', b.allowed_mime_types
            )
            from storage.buckets as b where b.id = p_bucket
        ),
        'usage', private.usage_report(),
        'request_id', private.request_id()
    )
$$;
comment on function public.doctor_report(text) is 'The state of this database as `make doctor` judges it; no user''s data.';
grant execute on function public.doctor_report(text) to service_role;
