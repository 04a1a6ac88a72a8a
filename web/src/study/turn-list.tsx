// The turns of the open chat. A long chat begins with its end; the rest comes as one scrolls up.

import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect } from "preact/hooks";
import { chatId, turns } from "../chats/turns.ts";
import { strings } from "../strings/index.ts";
import { focusAround, useFocusAfter } from "../ui/focus.ts";
import { TurnView } from "./turn.tsx";

const AT_FIRST = 30;
// So few that drawing them holds up hardly more than one frame.
const MORE = 10;
const AHEAD = "1200px";

const shownCount = signal(AT_FIRST);

// Chrome and Firefox keep what is read in its place by themselves; elsewhere we do.
const isAnchored = CSS.supports("overflow-anchor", "auto");
let anchor: { turn: Element; top: number } | null = null;

function showMore(): void {
  const turn = isAnchored ? null : document.querySelector(".turn");
  anchor = turn ? { turn, top: turn.getBoundingClientRect().top } : null;
  shownCount.value += MORE;
}

/** Keep what is on screen where it is when turns have come in above it. */
function useAnchor(): void {
  useLayoutEffect(() => {
    const scroller = anchor?.turn.closest(".scroller");
    if (!anchor || !scroller) return;
    scroller.scrollTop += anchor.turn.getBoundingClientRect().top - anchor.top;
    anchor = null;
  }, [shownCount.value]);
}

// What is printed is the whole conversation. Drawn before the browser lays out its pages: Preact draws in a microtask.
addEventListener("beforeprint", () => {
  shownCount.value = Math.max(shownCount.value, turns.value.length);
});

function Earlier() {
  // It goes with the last of them, as soon as it is reached: the next stop is the first question.
  const button = useFocusAfter<HTMLButtonElement>(focusAround);
  useEffect(() => {
    const root = button.current?.closest(".scroller") ?? null;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && showMore(), {
      root,
      rootMargin: AHEAD,
    });
    if (button.current) observer.observe(button.current);
    return () => observer.disconnect();
  }, [shownCount.value]);
  return (
    <button ref={button} type="button" class="quiet earlier" onClick={showMore}>
      {strings.value.chats.earlier}
    </button>
  );
}

export function TurnList() {
  const all = turns.value;
  useLayoutEffect(() => {
    shownCount.value = AT_FIRST;
  }, [chatId.value]);
  useAnchor();
  return (
    <>
      {all.length > shownCount.value && <Earlier />}
      {all.slice(-shownCount.value).map((turn) => (
        <TurnView key={turn.peek().key} turn={turn} />
      ))}
    </>
  );
}
