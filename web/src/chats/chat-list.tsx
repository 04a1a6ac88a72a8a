// The history at the side, searched as one types.

import { strings } from "../strings/index.ts";
import { isEscape } from "../ui/escape.ts";
import { FailureNote, Retry } from "../ui/failure.tsx";
import { focusFirst, useFocusAfter } from "../ui/focus.ts";
import { ChatRow } from "./chat-row.tsx";
import {
  chats,
  chatsState,
  hasMore,
  loadChats,
  loadMoreChats,
  search,
  searchChats,
  searched,
} from "./store.ts";

function Search() {
  const label = strings.value.chats.search;
  // As the browser does it, but the key has nothing else to close then.
  const onKeyDown = (event: KeyboardEvent) => {
    if (!search.value || !isEscape(event)) return;
    event.preventDefault();
    searchChats("");
  };
  return (
    <input
      type="search"
      class="search"
      aria-label={label}
      placeholder={label}
      dir="auto"
      maxLength={200}
      value={search.value}
      onInput={(event) => searchChats(event.currentTarget.value)}
      onKeyDown={onKeyDown}
    />
  );
}

/** Give the focus to the chat before those that come now, or to the heading where there is none. */
function toLastChat(more: Element): void {
  const chat = more.previousElementSibling?.querySelector("li:last-child a");
  focusFirst(chat, document.getElementById("chats-title"));
}

function More() {
  // It goes when the last part has come.
  const button = useFocusAfter<HTMLButtonElement>(toLastChat);
  return (
    <button ref={button} type="button" class="quiet" onClick={loadMoreChats}>
      {strings.value.more}
    </button>
  );
}

export function ChatList() {
  const s = strings.value.chats;
  const state = chatsState.value;
  const isEmpty = state === "loaded" && chats.value.length === 0;
  return (
    <section aria-labelledby="chats-title">
      <div class="section-head">
        <h2 id="chats-title" tabIndex={-1}>
          {s.title}
        </h2>
      </div>
      <Search />
      {typeof state === "object" && (
        <FailureNote failure={state}>
          <Retry failure={state} onRetry={loadChats} />
        </FailureNote>
      )}
      {isEmpty && (
        <p class="hint" role="status">
          {searched.value ? s.none : s.empty}
        </p>
      )}
      <ul class="rows">
        {chats.value.map((chat) => (
          <ChatRow key={chat.chat_id} chat={chat} />
        ))}
      </ul>
      {hasMore.value && <More />}
    </section>
  );
}
