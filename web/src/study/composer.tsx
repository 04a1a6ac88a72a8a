// Where the question is written.

import { useLayoutEffect, useRef } from "preact/hooks";
import { printable } from "../api/text.ts";
import { ask, canAsk, runningTurn, stop } from "../chats/asking.ts";
import { deletions } from "../chats/store.ts";
import { chatId, clearNewChat } from "../chats/turns.ts";
import { arrivalNews } from "../files/arrivals.ts";
import { chosenFiles, isListed, readyFiles } from "../files/store.ts";
import { isPlain, studyRoute } from "../routes.ts";
import { strings } from "../strings/index.ts";
import { isComposing } from "../ui/composing.ts";
import { focusWork } from "../ui/focus.ts";
import { Icon } from "../ui/icon.tsx";
import { draft, focusAsked, restoreDraft, returnWords } from "./draft.ts";
import { openFiles } from "./layout.ts";

const MOST_CHARACTERS = 4_000;

let wasNew = false;
// Before the click opens another chat.
addEventListener(
  "click",
  () => {
    wasNew = chatId.value === null;
  },
  { capture: true },
);

// A new chat is a new one also where that without an id holds a question that came to nothing; only its words stay.
addEventListener("click", (event) => {
  const isNew = event.target instanceof Element && event.target.closest(".study a[href='#/']");
  if (!isNew || !isPlain(event) || !wasNew) return;
  returnWords(clearNewChat());
  focusWork();
});

/** Which files the next question asks; null where there is none that it could. */
function scope(chosen: number, total: number): string | null {
  const s = strings.value.ask;
  if (total === 0) return null;
  if (chosen === 0) return s.noneChosen;
  return chosen === total ? s.all(total) : s.some(chosen, total);
}

/** What the next question asks, and what became of the files that were added; it leads to their list. */
function Scope() {
  const chosen = chosenFiles.value.length;
  const total = readyFiles.value.length;
  const asked = scope(chosen, total);
  const news = arrivalNews.value;
  const none = isListed.value ? strings.value.ask.noneReady : strings.value.loading;
  const isNone = total > 0 && chosen === 0;
  // Where there is hardly any room it need not be told.
  const isUsual = total > 0 && chosen === total && !news;
  return (
    <button type="button" class={isUsual ? "scope usual" : "scope"} onClick={openFiles}>
      <Icon name={news?.isBad || isNone ? "gap" : "file"} />
      <span>
        <span class={isNone ? "problem" : undefined}>{asked ?? (news ? "" : none)}</span>
        {asked && news && " · "}
        {news && <span class={news.isBad ? "news problem" : "news"}>{news.text}</span>}
      </span>
    </button>
  );
}

/** One button for both: when an answer ends, whoever is at its end keeps the focus. */
function SendButton({ isAllowed }: { isAllowed: boolean }) {
  const s = strings.value.ask;
  const running = runningTurn.value;
  if (running) {
    const end = () => {
      stop(running);
      // Nothing can be sent in its place as long as nothing is written.
      focusWork();
    };
    return (
      <button
        type="button"
        class="primary send"
        onClick={({ detail }) => detail > 1 || end()} // the second press of two was for the other one
      >
        <Icon name="stop" />
        {s.stop}
      </button>
    );
  }
  return (
    <button type="submit" class="primary send" aria-disabled={!isAllowed || undefined}>
      {s.send}
      <Icon name="ask" />
    </button>
  );
}

/** As high as its text: where the browser does not see to that by itself. */
function grow(field: HTMLTextAreaElement | null): void {
  if (!field || CSS.supports("field-sizing", "content")) return;
  field.style.setProperty("height", "auto");
  const borders = field.offsetHeight - field.clientHeight;
  field.style.setProperty("height", `${field.scrollHeight + borders}px`);
}

/** What floats over the conversation keeps clear of this, however much is written. */
function useRoom() {
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => {
    const { style } = document.documentElement;
    const watch = new ResizeObserver(() => {
      style.setProperty("--composer", `${form.current?.offsetHeight ?? 0}px`);
    });
    if (form.current) watch.observe(form.current);
    return () => {
      watch.disconnect();
      style.removeProperty("--composer");
    };
  }, []);
  return form;
}

export function Composer({ isBehind }: { isBehind: boolean }) {
  const s = strings.value.ask;
  const form = useRoom();
  const field = useRef<HTMLTextAreaElement>(null);
  const text = draft.value;
  const { chat, place } = studyRoute();
  const isNew = chat === null && place === null;
  const over = [...text].length - MOST_CHARACTERS;
  const isAllowed = text.trim() !== "" && over <= 0 && canAsk.value;
  useLayoutEffect(() => grow(field.current), [text]);
  const asked = useRef(focusAsked.value);
  useLayoutEffect(() => {
    if (focusAsked.value !== asked.current) field.current?.focus();
    asked.current = focusAsked.value;
  }, [focusAsked.value]);
  const before = useRef({ chat, place });
  // A new question is to be typed at once; on a touch screen that would open the keyboard unasked.
  // Who comes from a chat that they have deleted has its undo at hand, and may have used it before this is drawn.
  // A source that closes gives the focus back itself.
  useLayoutEffect(() => {
    const { chat: left, place: closed } = before.current;
    before.current = { chat, place };
    const isElsewhere =
      deletions.peek().some(({ chat_id }) => chat_id === left) || (closed && left === chat);
    const isWanted = isNew && !isElsewhere && matchMedia("(pointer: fine)").matches;
    if (isWanted) field.current?.focus();
  }, [isNew, chat]);

  const submit = (event: Event) => {
    event.preventDefault();
    if (!isAllowed) return;
    ask(printable(text).trim());
    restoreDraft();
    // Nor on the button, which is of no use when the answer is here.
    if (document.activeElement !== field.current) focusWork();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !isComposing(event)) submit(event);
  };
  return (
    <form ref={form} class="composer" inert={isBehind} onSubmit={submit}>
      <div class="composer-field">
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          aria-label={s.label}
          placeholder={s.placeholder}
          enterkeyhint="send"
          value={text}
          onInput={(event) => {
            draft.value = event.currentTarget.value;
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div class="composer-foot">
        <Scope />
        {over > 0 && (
          <span class="problem" role="status">
            {s.tooLong(over)}
          </span>
        )}
        <SendButton isAllowed={isAllowed} />
      </div>
    </form>
  );
}
