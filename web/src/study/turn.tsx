// A question with its answer.

import type { Signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { ask, canAsk } from "../chats/asking.ts";
import type { Turn } from "../chats/turns.ts";
import { insertChips } from "../markdown/chips.ts";
import { Markdown } from "../markdown/view.tsx";
import { strings } from "../strings/index.ts";
import { announce } from "../ui/announcer.tsx";
import { QuietButton } from "../ui/button.tsx";
import { focusWork, useFocusAfter } from "../ui/focus.ts";
import { report } from "../ui/reports.tsx";
import { Chip } from "./chip.tsx";
import { editQuestion } from "./draft.ts";
import { Ending, hasBadEnd } from "./ending.tsx";
import { Footnotes } from "./footnotes.tsx";
import { verdictOf } from "./verdict.ts";

function Waiting({ passageCount, ending }: Turn) {
  const s = strings.value.answer;
  if (ending === "stopped") return <p class="waiting">{s.stopping}</p>;
  return <p class="waiting">{passageCount ? s.consulted(passageCount) : s.searching}</p>;
}

function Response({ turn }: { turn: Turn }) {
  const { response, citations } = turn;
  const drawChip = (index: number) => {
    const citation = citations[index];
    return citation ? <Chip citation={citation} /> : null;
  };
  return <Markdown text={insertChips(response, citations)} drawChip={drawChip} />;
}

function NotFound({ turn }: { turn: Turn }) {
  const { title, hint } = verdictOf(turn);
  return (
    <section class="not-found">
      <h3>{title}</h3>
      <Response turn={turn} />
      <p class="hint">{hint}</p>
    </section>
  );
}

function Actions({ turn }: { turn: Turn }) {
  const s = strings.value.answer;
  const [isCopied, setCopied] = useState(false);
  // They go while an answer that was lost goes on.
  const actions = useFocusAfter<HTMLDivElement>(focusWork);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(turn.response);
    } catch {
      // Refused by the browser, or a page without https, which has no clipboard at all.
      report(strings.value.failures.copy);
      return;
    }
    announce(s.copied);
    setCopied(true);
    setTimeout(() => setCopied(false), 2_000);
  };
  return (
    <div ref={actions} class="actions turn-actions">
      {turn.response && (
        <QuietButton icon="copy" label={isCopied ? s.copied : s.copy} onClick={copy} />
      )}
      {!hasBadEnd(turn) && (
        <QuietButton
          icon="retry"
          label={s.askAgain}
          disabled={!canAsk.value}
          onClick={() => ask(turn.queryText)}
        />
      )}
      <QuietButton icon="edit" label={s.edit} onClick={() => editQuestion(turn.queryText)} />
    </div>
  );
}

export function TurnView({ turn }: { turn: Signal<Turn> }) {
  const now = turn.value;
  const isWaiting = now.isRunning && !now.response;
  return (
    <article class="turn" aria-labelledby={`question-${now.key}`} aria-busy={now.isRunning}>
      <h2 id={`question-${now.key}`} class="question" dir="auto">
        {now.queryText}
      </h2>
      <div class="answer">
        {isWaiting && <Waiting {...now} />}
        {now.status === "not_found" ? <NotFound turn={now} /> : <Response turn={now} />}
        <Footnotes citations={now.citations} />
        <Ending turn={turn} />
      </div>
      {!now.isRunning && <Actions turn={now} />}
    </article>
  );
}
