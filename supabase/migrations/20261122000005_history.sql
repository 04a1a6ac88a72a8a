-- The history.

create or replace function private.chat_as_json(c public.chats) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object(
        'chat_id', c.id, 'title', c.title, 'created_at', c.created_at, 'updated_at', c.updated_at, 'query_count', c.query_count
    )
$$;
grant execute on function private.chat_as_json(public.chats) to authenticated, service_role;

create or replace function public.list_chats(p_patterns text[], p_cursor jsonb, p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
    select coalesce(jsonb_agg(private.chat_as_json(c) order by c.updated_at desc, c.id desc), '[]')
    from (
        select * from public.chats as chat
        where
            chat.user_id = (select private.user_id())
            and (p_cursor is null or (chat.updated_at, chat.id) < ((p_cursor ->> 'updated_at')::timestamptz, p_cursor ->> 'chat_id'))
            and (p_patterns is null or exists (
                -- Every word somewhere in one question or its response: works in every language, with or without spaces.
                select 1 from public.queries as q
                where q.chat_id = chat.id and q.query_text || ' ' || q.response ilike all(p_patterns)
            ))
        order by chat.updated_at desc, chat.id desc
        limit p_limit
    ) as c
$$;
comment on function public.list_chats(text[], jsonb, integer) is 'The user''s chats, latest first; with p_patterns those with a query that holds all of them.';

create or replace function public.get_chat(p_chat_id text, p_cursor bigint, p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object(
        'chat', private.chat_as_json(c),
        'queries', coalesce((
            select jsonb_agg(private.query_as_json(q) order by q.id)
            from (
                select * from public.queries
                where chat_id = c.id and (p_cursor is null or id > p_cursor)
                order by id
                limit p_limit
            ) as q
        ), '[]')
    )
    from public.chats as c
    where c.id = p_chat_id and c.user_id = (select private.user_id())
$$;
comment on function public.get_chat(text, bigint, integer) is '{chat, queries} in the order asked; p_cursor is the id of the last query seen. Null: no such chat.';

create or replace function private.rename_chat(p_chat_id text, p_title text) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    v_user_id bigint := private.require_session();
    v_chat public.chats;
begin
    update public.chats set title = p_title where id = p_chat_id and user_id = v_user_id
    returning * into v_chat;
    if not found then
        perform private.refuse('chat-not-found');
    end if;
    return private.chat_as_json(v_chat);
end
$$;
grant execute on function private.rename_chat(text, text) to authenticated;

create or replace function public.rename_chat(p_chat_id text, p_title text) returns jsonb
language sql set search_path = ''
as $$ select private.rename_chat(p_chat_id, p_title) $$;
comment on function public.rename_chat(text, text) is 'Give a chat another title.';

create or replace function private.delete_chat(p_chat_id text) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_user_id bigint := private.require_session();
begin
    delete from public.chats where id = p_chat_id and user_id = v_user_id;
    if not found then
        perform private.refuse('chat-not-found');
    end if;
end
$$;
grant execute on function private.delete_chat(text) to authenticated;

create or replace function public.delete_chat(p_chat_id text) returns void
language sql set search_path = ''
as $$ select private.delete_chat(p_chat_id) $$;
comment on function public.delete_chat(text) is 'Delete a chat with its queries.';

grant execute on function
public.list_chats(text[], jsonb, integer), public.get_chat(text, bigint, integer),
public.rename_chat(text, text), public.delete_chat(text)
to authenticated;
