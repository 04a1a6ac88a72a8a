// What is said below an answer that did not end as it should.

import type { Signal } from "@preact/signals";
import { ask, canAsk, goOn, isFirstLost, runningTurn } from "../chats/asking.ts";
import { isElsewhere, type Turn } from "../chats/turns.ts";
import { explain, strings } from "../strings/index.ts";
import { QuietButton } from "../ui/button.tsx";
import { Retry } from "../ui/failure.tsx";
import { focusWork, useFocusAfter } from "../ui/focus.ts";

export function hasBadEnd({ status }: Turn): boolean {
  return status === "interrupted" || status === "failed";
}

export function endingOf({ status, ending, response }: Turn): string {
  const s = strings.value.answer;
  if (ending === "stopped") return response ? s.stopped : s.stoppedBefore;
  if (ending === "lost") return response ? s.lost : isFirstLost.value ? s.lostFirst : s.lostBefore;
  if (ending) return explain(ending);
  return status === "failed" ? s.failed : s.interrupted;
}

/** The same question again, as one to go on with: its words find the same passages. */
function onward(question: string): string {
  const prefix = strings.value.answer.goOnWith;
  return question.startsWith(prefix) ? question : prefix + question;
}

function BadEnd({ turn }: { turn: Signal<Turn> }) {
  const s = strings.value.answer;
  const { status, ending, queryText, response } = turn.value;
  const failure = typeof ending === "object" ? ending : null;
  // It goes as soon as the answer goes on, pressed for or by itself.
  const note = useFocusAfter<HTMLDivElement>(focusWork);
  return (
    <div ref={note} class={status === "failed" ? "note ending failure" : "note ending"}>
      <p>{endingOf(turn.value)}</p>
      {ending === "lost" ? (
        <QuietButton
          icon="resume"
          label={s.goOn}
          disabled={runningTurn.value !== undefined}
          onClick={() => goOn(turn)}
        />
      ) : (
        <>
          <Retry
            failure={failure}
            label={s.askAgain}
            disabled={!canAsk.value}
            onRetry={() => ask(queryText)}
          />
          {response && (
            <QuietButton
              icon="resume"
              label={s.goOn}
              disabled={!canAsk.value}
              onClick={() => ask(onward(queryText))}
            />
          )}
        </>
      )}
    </div>
  );
}

export function Ending({ turn }: { turn: Signal<Turn> }) {
  const now = turn.value;
  if (!now.isRunning && hasBadEnd(now)) return <BadEnd turn={turn} />;
  return isElsewhere(now) ? <p class="note">{strings.value.answer.elsewhere}</p> : null;
}
