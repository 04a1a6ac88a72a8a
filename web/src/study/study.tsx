// The study: files and chats at the side, the conversation in the middle, the source beside it.

import { useEffect, useLayoutEffect } from "preact/hooks";
import { loadChats, refreshChats, titles } from "../chats/store.ts";
import { openChat, refreshChat } from "../chats/turns.ts";
import { onReturn } from "../connection.ts";
import { DropZone } from "../files/drop.tsx";
import { loadFiles, refreshFiles } from "../files/store.ts";
import { closePlace, studyRoute } from "../routes.ts";
import { SourcePane } from "../source/source-pane.tsx";
import { strings } from "../strings/index.ts";
import { IconButton } from "../ui/button.tsx";
import { useReturn } from "../ui/heading.ts";
import { Icon } from "../ui/icon.tsx";
import { Wordmark } from "../ui/wordmark.tsx";
import { Conversation } from "./conversation.tsx";
import { closeSide, isCovering, isNarrow, isSideOpen, openSide } from "./layout.ts";
import { Side } from "./side.tsx";

function TopBar({ isBehind }: { isBehind: boolean }) {
  const s = strings.value.side;
  return (
    <header class="top-bar" inert={isBehind}>
      <IconButton icon="menu" label={s.open} isOpen={isSideOpen.value} onClick={openSide} />
      <Wordmark />
      <a class="icon-button" href="#/" aria-label={s.newChat} title={s.newChat}>
        <Icon name="plus" />
      </a>
    </header>
  );
}

/** Over what lies behind a drawer or a sheet; a press on it closes that. */
function Veil({ onClick }: { onClick: () => void }) {
  return (
    <button
      type="button"
      class="veil"
      tabIndex={-1}
      aria-label={strings.value.close}
      onClick={onClick}
    />
  );
}

function toConversation(): void {
  document.getElementById("conversation")?.focus();
}

function refreshLists(): void {
  refreshFiles();
  refreshChats();
  refreshChat();
}

export function Study() {
  const { chat, place } = studyRoute();
  const title = chat ? titles.value[chat] : undefined;
  useLayoutEffect(() => {
    loadFiles();
    loadChats();
    return onReturn(refreshLists);
  }, []);
  // At once: what is asked now is asked in this chat.
  useLayoutEffect(() => {
    openChat(chat);
  }, [chat]);
  useEffect(() => {
    document.title = title ? `${title} · Lectern` : "Lectern";
  }, [title]);
  useReturn("conversation");
  const isDrawerOpen = isNarrow.value && isSideOpen.value;
  const isCovered = isCovering.value && place !== null;
  const isBehind = isDrawerOpen || isCovered;
  return (
    <div class={place ? "study with-source" : "study"}>
      <button type="button" class="skip" onClick={toConversation}>
        {strings.value.skip}
      </button>
      <Side isBehind={isCovered} />
      {isDrawerOpen && <Veil onClick={closeSide} />}
      <div class="middle">
        {isNarrow.value && <TopBar isBehind={isBehind} />}
        <Conversation title={title ?? "Lectern"} isBehind={isBehind} />
      </div>
      {isCovered && <Veil onClick={closePlace} />}
      {place && <SourcePane place={place} />}
      <DropZone />
    </div>
  );
}
