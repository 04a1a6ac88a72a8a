// Deleted chats that can still be taken back.

import { strings } from "../strings/index.ts";
import { deletions, undoDelete } from "./store.ts";

export function Undo() {
  const s = strings.value.chats;
  return (
    <>
      {deletions.value.map((chat) => (
        <p key={chat.chat_id} class="toast">
          <span dir="auto">{s.deleted(chat.title)}</span>
          <button type="button" onClick={() => undoDelete(chat)}>
            {s.undo}
          </button>
        </p>
      ))}
    </>
  );
}
