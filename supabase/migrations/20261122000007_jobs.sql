-- What the scheduled job does, each in a bounded number of rows and safe to repeat. The secret key calls it.

create or replace function public.tidy_queries(p_limit integer) returns integer
language plpgsql set search_path = ''
as $$
declare
    v_query public.queries;
    v_count integer := 0;
begin
    for v_query in
        select * from public.queries
        where status = 'streaming' and deadline_at < now() - interval '1 minute'
        order by deadline_at limit p_limit for update skip locked
    loop
        -- Nobody knows what the model was paid for it: the reservation stands.
        update public.queries set status = 'interrupted' where id = v_query.id;
        v_count := v_count + 1;
    end loop;
    return v_count;
end
$$;
comment on function public.tidy_queries(integer) is 'Mark answers whose function died as interrupted.';

create or replace function public.claim_abandoned_ingestion(p_lease_seconds integer, p_max_attempts integer) returns jsonb
language plpgsql set search_path = ''
as $$
declare
    v_file public.files;
begin
    select * into v_file from public.files
    where
        attempt_count < p_max_attempts
        and coalesce(lease_until, created_at) < now() - case status
            when 'processing' then interval '30 seconds'
            -- The page was closed between the last byte and the first reading.
            when 'awaiting_upload' then interval '10 minutes'
        end
    order by created_at limit 1 for update skip locked;
    if not found then
        return null;
    end if;
    return private.claim_as_json(private.lease_file(v_file.id, p_lease_seconds));
end
$$;
comment on function public.claim_abandoned_ingestion(integer, integer) is 'Take the lease of the oldest file whose reading nobody goes on with, or null.';

create or replace function public.fail_stuck_ingestions(p_max_attempts integer, p_error jsonb) returns integer
language plpgsql set search_path = ''
as $$
declare
    v_count integer;
begin
    with stuck as (
        update public.files set status = 'failed', error = p_error, lease_id = null, lease_until = null, pages_done = 0
        where status = 'processing' and coalesce(lease_until, created_at) < now() and attempt_count >= p_max_attempts
        returning id
    ),
    read_pages as (
        delete from public.pages as p using stuck as s where p.file_id = s.id
    ),
    read_chunks as (
        delete from public.chunks as c using stuck as s where c.file_id = s.id
    )
    select count(*) into v_count from stuck;
    return v_count;
end
$$;
comment on function public.fail_stuck_ingestions(integer, jsonb) is 'Give up on files that break their reader again and again; what was read of them is gone. How many.';

create or replace function public.delete_abandoned_uploads(p_age_seconds integer, p_limit integer) returns integer
language plpgsql set search_path = ''
as $$
declare
    v_file public.files;
    v_count integer := 0;
begin
    for v_file in
        select * from public.files
        where
            status = 'awaiting_upload' and created_at < now() - make_interval(secs => p_age_seconds)
            -- Looked for in vain after the two hours in which they could be sent: what has arrived is read, however late.
            and lease_until > created_at + interval '2 hours'
        order by created_at limit p_limit for update skip locked
    loop
        perform private.delete_file_row(v_file);
        v_count := v_count + 1;
    end loop;
    return v_count;
end
$$;
comment on function public.delete_abandoned_uploads(integer, integer) is 'Delete files that were announced and never arrived, their objects with them.';

create or replace function public.list_object_deletions(p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
    select coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'path', d.path)), '[]')
    from (
        select id, path from public.object_deletions where not_before <= now() order by id limit p_limit
    ) as d
$$;
comment on function public.list_object_deletions(integer) is 'Stored objects that are due to be deleted: [{id, path}].';

create or replace function public.confirm_object_deletions(p_paths text[]) returns integer
language plpgsql set search_path = ''
as $$
declare
    v_count integer;
begin
    delete from public.object_deletions where path = any(p_paths) and not_before <= now();
    get diagnostics v_count = row_count;
    return v_count;
end
$$;
comment on function public.confirm_object_deletions(text[]) is 'Forget the deletions of objects that are gone; how many.';

create or replace function public.purge_usage(p_days integer) returns integer
language plpgsql set search_path = ''
as $$
declare
    v_count integer;
begin
    delete from public.daily_usage where day < (now() at time zone 'utc')::date - p_days;
    get diagnostics v_count = row_count;
    delete from public.deployment_usage where day < (now() at time zone 'utc')::date - p_days;
    update public.queries set idempotency_key = null
    where idempotency_key is not null and timestamp < now() - interval '24 hours';
    return v_count;
end
$$;
comment on function public.purge_usage(integer) is 'Forget usage older than p_days and Idempotency-Keys older than a day; how many rows of users'' usage.';

grant execute on function
public.tidy_queries(integer), public.claim_abandoned_ingestion(integer, integer), public.fail_stuck_ingestions(integer, jsonb),
public.delete_abandoned_uploads(integer, integer), public.list_object_deletions(integer), public.confirm_object_deletions(text[]),
public.purge_usage(integer)
to service_role;
