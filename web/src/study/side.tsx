// The side: files, chats, and the way to the account. A drawer on narrow screens.

import { useLayoutEffect, useRef } from "preact/hooks";
import { user } from "../api/session.ts";
import { ChatList } from "../chats/chat-list.tsx";
import { FileList } from "../files/file-list.tsx";
import { moves } from "../routes.ts";
import { strings } from "../strings/index.ts";
import { IconButton } from "../ui/button.tsx";
import { isEscape } from "../ui/escape.ts";
import { Icon } from "../ui/icon.tsx";
import { Wordmark } from "../ui/wordmark.tsx";
import { closeSide, giveBackFocus, isNarrow, isSideOpen } from "./layout.ts";

/** Inert is what cannot be seen or pressed: a drawer that is shut, a side that a source lies over. */
export function Side({ isBehind }: { isBehind: boolean }) {
  const s = strings.value;
  const side = useRef<HTMLElement>(null);
  const isDrawer = isNarrow.value;
  const isOpen = isSideOpen.value;
  // Whoever has chosen something in the drawer wants to see it.
  useLayoutEffect(closeSide, [moves.value]);
  // At once: the next key is the drawer's already.
  useLayoutEffect(() => {
    if (isDrawer && isOpen) side.current?.focus();
    else giveBackFocus();
  }, [isDrawer, isOpen]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isDrawer || !isEscape(event)) return;
    event.preventDefault();
    closeSide();
  };
  return (
    <nav
      ref={side}
      class={isOpen ? "side open" : "side"}
      aria-label={s.side.label}
      tabIndex={-1}
      inert={isBehind || (isDrawer && !isOpen)}
      onKeyDown={onKeyDown}
    >
      <div class="side-head">
        <a class="home" href="#/" aria-label="Lectern">
          <Wordmark />
        </a>
        {isDrawer && <IconButton icon="close" label={s.close} onClick={closeSide} />}
      </div>
      <a class="new-chat" href="#/">
        <Icon name="plus" />
        {s.side.newChat}
      </a>
      <div class="side-lists">
        <FileList />
        <ChatList />
      </div>
      <a class="to-account" href="#/account">
        <Icon name="account" />
        <span>{s.side.account}</span>{" "}
        <span class="meta" dir="auto">
          {user.value?.username}
        </span>
      </a>
    </nav>
  );
}
