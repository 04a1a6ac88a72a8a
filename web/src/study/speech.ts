// Reading an answer aloud while it arrives: sentence by sentence, never word by word.

import { effect, type Signal } from "@preact/signals";
import type { Turn } from "../chats/turns.ts";
import { parseMarkdown } from "../markdown/blocks.ts";
import { insertChips } from "../markdown/chips.ts";
import { plainText } from "../markdown/plain.ts";
import { strings } from "../strings/index.ts";
import { announce } from "../ui/announcer.tsx";
import { endingOf, hasBadEnd } from "./ending.tsx";
import { verdictOf } from "./verdict.ts";

// Where the next sentence begins. It looks no further than that: what comes later divides nothing anew.
const END = /(?<=[.!?…؟۔।]["'”’»)\]]*\s+|[。！？]|\n)(?=\S)/;

/** As the browser divides a text; by a rule of our own in Firefox before 125, which has none. */
function sentences(text: string): string[] {
  if (!("Segmenter" in Intl)) return text.split(END);
  return Array.from(
    new Intl.Segmenter(undefined, { granularity: "sentence" }).segment(text),
    (part) => part.segment,
  );
}

function lastWords(turn: Turn): string {
  const s = strings.peek().answer;
  if (hasBadEnd(turn)) return endingOf(turn);
  if (turn.status !== "not_found") return s.done(turn.citations.length);
  const { title, hint } = verdictOf(turn);
  return `${title}. ${hint}`;
}

/** Announce a running answer until it has ended. Returns what stops it. */
export function speak(turn: Signal<Turn>): () => void {
  let said = 0;
  announce(strings.peek().answer.searching);
  const stop = effect(() => {
    const { response, citations, isRunning } = turn.value;
    const blocks = parseMarkdown(insertChips(response, citations));
    const text = plainText(blocks, strings.peek().answer.formula);
    const parts = sentences(text);
    // The last sentence may still grow.
    const ready = isRunning ? parts.slice(0, -1) : parts;
    announce(ready.slice(said).join(" "));
    said = Math.max(said, ready.length);
    if (isRunning) return;
    announce(lastWords(turn.peek()));
    queueMicrotask(() => stop());
  });
  return stop;
}
