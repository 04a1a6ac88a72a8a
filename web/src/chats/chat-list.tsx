// The history at the side, searched as one types.

import { useEffect } from "preact/hooks";
import { strings } from "../strings/index.ts";
import { FailureNote, Retry } from "../ui/failure.tsx";
import { ChatRow } from "./chat-row.tsx";
import { chats, chatsState, loadChats, loadMoreChats, nextCursor, search } from "./store.ts";

const TYPING_MILLISECONDS = 180;

function Search() {
  const label = strings.value.chats.search;
  const words = search.value;
  useEffect(() => {
    const timer = setTimeout(loadChats, words ? TYPING_MILLISECONDS : 0);
    return () => clearTimeout(timer);
  }, [words]);
  return (
    <input
      type="search"
      class="search"
      aria-label={label}
      placeholder={label}
      dir="auto"
      maxLength={200}
      value={words}
      onInput={(event) => {
        search.value = event.currentTarget.value;
      }}
    />
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
          {search.value ? s.none : s.empty}
        </p>
      )}
      <ul class="rows">
        {chats.value.map((chat) => (
          <ChatRow key={chat.chat_id} chat={chat} />
        ))}
      </ul>
      {nextCursor.value && (
        <button type="button" class="quiet" onClick={loadMoreChats}>
          {strings.value.more}
        </button>
      )}
    </section>
  );
}
