// One chat in the list: opened, renamed, exported, deleted.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { address } from "../api/client.ts";
import { download } from "../api/downloads.ts";
import { asFailure, type Failure } from "../api/problems.ts";
import { printable } from "../api/text.ts";
import { go, href, studyRoute } from "../routes.ts";
import type { Chat } from "../schema.ts";
import { formatMoment, strings } from "../strings/index.ts";
import { announce } from "../ui/announcer.tsx";
import { IconButton, QuietButton } from "../ui/button.tsx";
import { isEscape } from "../ui/escape.ts";
import { FailureNote } from "../ui/failure.tsx";
import { reportFailure } from "../ui/reports.tsx";
import { reveal } from "../ui/reveal.ts";
import { deleteChat, renameChat } from "./store.ts";

const MOST = 200;

function Rename({ chat, onEnd }: { chat: Chat; onEnd: () => void }) {
  const s = strings.value;
  const [title, setTitle] = useState(chat.title);
  const [failure, setFailure] = useState<Failure | null>(null);
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    setFailure(null);
    const written = printable(title).trim();
    try {
      if (written && written !== chat.title) await renameChat(chat.chat_id, written);
      onEnd();
    } catch (error) {
      // What was typed stays, to be sent again.
      setFailure(asFailure(error));
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isEscape(event)) return;
    event.preventDefault();
    onEnd();
  };
  return (
    <form class="rename" onSubmit={submit} onKeyDown={onKeyDown}>
      <input
        aria-label={s.chats.renameLabel}
        dir="auto"
        value={title}
        maxLength={MOST}
        ref={field}
        onInput={(event) => setTitle(event.currentTarget.value)}
      />
      <button type="submit" class="quiet">
        {s.chats.save}
      </button>
      <button type="button" class="quiet" onClick={onEnd}>
        {s.cancel}
      </button>
      {failure && <FailureNote failure={failure} />}
    </form>
  );
}

function exportChat(chat: Chat, format: "markdown" | "json"): void {
  const options = { path: { chat_id: chat.chat_id }, query: { format } };
  download(address("/api/history/{chat_id}/export", options)).catch((error: unknown) =>
    reportFailure(strings.value.failures.exportChat(chat.title), error),
  );
}

function remove(chat: Chat): void {
  announce(strings.value.chats.deleted(chat.title));
  deleteChat(chat);
  if (studyRoute().chat === chat.chat_id) go({ view: "study", chat: null, place: null });
}

function Actions({ chat, onRename }: { chat: Chat; onRename: () => void }) {
  const s = strings.value.chats;
  return (
    <div ref={reveal} class="actions">
      <QuietButton icon="edit" label={s.rename} onClick={onRename} />
      <QuietButton
        icon="download"
        label={s.exportMarkdown}
        onClick={() => exportChat(chat, "markdown")}
      />
      <QuietButton icon="download" label={s.exportJson} onClick={() => exportChat(chat, "json")} />
      <QuietButton icon="trash" label={s.delete} onClick={() => remove(chat)} />
    </div>
  );
}

export function ChatRow({ chat }: { chat: Chat }) {
  const s = strings.value.chats;
  const [mode, setMode] = useState<"closed" | "actions" | "rename">("closed");
  const link = useRef<HTMLAnchorElement>(null);
  const isRenaming = mode === "rename";
  const wasRenaming = useRef(isRenaming);
  // The form that had the focus is gone; whoever went on while it was sent has it elsewhere.
  useLayoutEffect(() => {
    const isFree = document.activeElement === document.body;
    if (wasRenaming.current && !isRenaming && isFree) link.current?.focus();
    wasRenaming.current = isRenaming;
  }, [isRenaming]);
  const isCurrent = studyRoute().chat === chat.chat_id;
  if (isRenaming)
    return (
      <li class="row chat">
        <Rename chat={chat} onEnd={() => setMode("closed")} />
      </li>
    );
  return (
    <li class="row chat">
      <div class="row-line">
        <a
          ref={link}
          class="row-body"
          href={href({ view: "study", chat: chat.chat_id, place: null })}
          aria-current={isCurrent ? "page" : undefined}
        >
          <span class="name" dir="auto" title={chat.title}>
            {chat.title}
          </span>
          <span class="meta">
            {formatMoment(chat.updated_at)} · {s.questions(chat.query_count)}
          </span>
        </a>
        <IconButton
          icon="more"
          label={s.actions(chat.title)}
          isOpen={mode === "actions"}
          onClick={() => setMode(mode === "actions" ? "closed" : "actions")}
        />
      </div>
      {mode === "actions" && <Actions chat={chat} onRename={() => setMode("rename")} />}
    </li>
  );
}
