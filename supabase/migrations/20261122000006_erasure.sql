-- Erasing an account: every row of the user goes in one transaction, and the outbox names every stored object.

create or replace function private.count_rows_of(p_user_id bigint) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object(
        'users', 1,
        'sessions', (select count(*) from public.sessions as s where s.user_id = p_user_id),
        'refresh_tokens', (
            select count(*) from private.refresh_tokens as t
            inner join public.sessions as s on s.id = t.session_id
            where s.user_id = p_user_id
        ),
        'files', (select count(*) from public.files as f where f.user_id = p_user_id),
        'pages', (select count(*) from public.pages as p where p.user_id = p_user_id),
        'chunks', (select count(*) from public.chunks as c where c.user_id = p_user_id),
        'chats', (select count(*) from public.chats as c where c.user_id = p_user_id),
        'queries', (select count(*) from public.queries as q where q.user_id = p_user_id),
        'daily_usage', (select count(*) from public.daily_usage as d where d.user_id = p_user_id)
    )
$$;

create or replace function private.erase_account(p_password_hash text, p_name_key text) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    owner_id bigint := private.require_session();
    receipt jsonb;
    stored_file public.files;
    paths jsonb := '[]';
begin
    -- With the user's row locked nothing of theirs can be added between the count and the deletion.
    perform from public.users as u where u.id = owner_id and u.password_hash = p_password_hash for update;
    if not found then
        perform private.refuse('invalid-credentials');
    end if;
    receipt := private.count_rows_of(owner_id) || jsonb_build_object(
        'sign_in_failures', (
            select count(*) from private.sign_in_failures as f
            where f.name_key = p_name_key and f.running_until is null
        )
    );
    for stored_file in select * from public.files as f where f.user_id = owner_id loop
        paths := paths || to_jsonb(stored_file.path);
        perform private.delete_file_row(stored_file);
    end loop;
    delete from public.users as u where u.id = owner_id;
    delete from private.sign_in_failures as f where f.name_key = p_name_key;
    return jsonb_build_object('rows', receipt, 'paths', paths);
end
$$;
grant execute on function private.erase_account(text, text) to authenticated;

create or replace function public.erase_account(p_password_hash text, p_name_key text) returns jsonb
language sql set search_path = ''
as $$ select private.erase_account(p_password_hash, p_name_key) $$;
comment on function public.erase_account(text, text) is 'Delete the account and all that is its own: {rows: how many of each table, paths: objects to delete from storage, which the outbox names too}.';
grant execute on function public.erase_account(text, text) to authenticated;
