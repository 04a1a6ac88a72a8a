// Deleted chats that can still be taken back. The focus goes to the way back, and time stands still
// for who is at it: with the pointer, or with the keyboard.

import { useId, useLayoutEffect, useRef } from "preact/hooks";
import type { Chat } from "../schema.ts";
import { strings } from "../strings/index.ts";
import { focusFirst, useFocusAfter } from "../ui/focus.ts";
import { deletions, holdDeletion, undoDelete } from "./store.ts";

/** Give the focus to the list that the chat was in, or to the conversation where that is closed. */
function leave(): void {
  focusFirst(...["chats-title", "conversation"].map((id) => document.getElementById(id)));
}

function Deleted({ chat }: { chat: Chat }) {
  const s = strings.value.chats;
  const id = useId();
  const button = useFocusAfter<HTMLButtonElement>(leave);
  useLayoutEffect(() => button.current?.focus(), []);
  const at = useRef({ pointer: false, keyboard: false });
  const note = (change: Partial<typeof at.current>) => {
    Object.assign(at.current, change);
    holdDeletion(chat, at.current.pointer || at.current.keyboard);
  };
  // Whoever has pressed a mouse's button has the focus here too, but is not at it.
  const isSeen = () => button.current?.matches(":focus-visible") ?? false;
  return (
    <p
      class="toast"
      onPointerEnter={() => note({ pointer: true })}
      onPointerLeave={() => note({ pointer: false })}
      onFocusIn={() => note({ keyboard: isSeen() })}
      onFocusOut={() => note({ keyboard: false })}
    >
      <span id={id}>{s.deleted(chat.title)}</span>
      <button ref={button} type="button" aria-describedby={id} onClick={() => undoDelete(chat)}>
        {s.undo}
      </button>
    </p>
  );
}

export function Undo() {
  return (
    <>
      {deletions.value.map((chat) => (
        <Deleted key={chat.chat_id} chat={chat} />
      ))}
    </>
  );
}
