// One upload on its way.

import { type Failure, Problem } from "../api/problems.ts";
import { explain, strings } from "../strings/index.ts";
import { IconButton } from "../ui/button.tsx";
import { Retry } from "../ui/failure.tsx";
import { focusAround, useFocusAfter } from "../ui/focus.ts";
import { ProgressBar } from "./progress-bar.tsx";
import { DottedName } from "./row-name.tsx";
import type { Shipment } from "./shipments.ts";
import { STORAGE_REFUSED } from "./transfer.ts";
import { cancel, pause, resume } from "./uploads.ts";

/** How that ends is announced, wherever its row is. */
function State({ shipment: { state, sentBytes, file } }: { shipment: Shipment }) {
  const s = strings.value.files;
  const share = file.size ? Math.min(1, sentBytes / file.size) : 0;
  const percent = Math.floor(share * 100);
  switch (state.stage) {
    case "preparing":
      return <ProgressBar text={s.preparing} share={null} />;
    case "sending":
      return <ProgressBar text={s.sending(percent)} share={share} />;
    case "paused":
      return <ProgressBar text={s.paused(percent)} share={share} />;
    case "waiting": {
      const text = state.failure instanceof Problem ? s.waitsForStorage : s.waiting;
      return <ProgressBar text={text} share={share} />;
    }
    case "failed":
      return <p class="meta problem">{explain(state.failure)}</p>;
    case "duplicate":
      return <p class="meta">{s.duplicate(state.of)}</p>;
  }
}

/** What may be another next time, by the student's doing or without it. */
const PASSING = [STORAGE_REFUSED, "file-limit-reached"];

/** A file of the wrong kind stays one; a busy or failing server may do better next time. */
function isWorthRetrying(failure: Failure): boolean {
  if (!(failure instanceof Problem)) return true;
  return (
    failure.status >= 500 || [401, 429].includes(failure.status) || PASSING.includes(failure.slug)
  );
}

/**
 * One button for both, also where neither can be pressed now: whoever is at it keeps the focus. In an
 * element of its own, which tells when it goes.
 */
function PauseButton({ shipment: { key, state } }: { shipment: Shipment }) {
  const s = strings.value.files;
  const place = useFocusAfter<HTMLSpanElement>(focusAround);
  const isPaused = state.stage === "paused";
  return (
    <span ref={place}>
      <IconButton
        icon={isPaused ? "resume" : "pause"}
        label={isPaused ? s.resume : s.pause}
        onClick={() => (isPaused ? resume(key) : pause(key))}
        disabled={!isPaused && state.stage !== "sending"}
      />
    </span>
  );
}

/** It goes when it is a file, and when it is cancelled. */
export function ShipmentRow({ shipment }: { shipment: Shipment }) {
  const s = strings.value;
  const { key, state } = shipment;
  const isOver = state.stage === "duplicate" || state.stage === "failed";
  const row = useFocusAfter<HTMLLIElement>(focusAround);
  return (
    <li ref={row} class={`row file ${state.stage}`}>
      <div class="row-line">
        <div class="row-body">
          <DottedName name={shipment.file.name} />
          <State shipment={shipment} />
          {state.stage === "failed" && isWorthRetrying(state.failure) && (
            <Retry failure={state.failure} onRetry={() => resume(key)} />
          )}
        </div>
        {!isOver && <PauseButton shipment={shipment} />}
        <IconButton icon="close" label={isOver ? s.close : s.cancel} onClick={() => cancel(key)} />
      </div>
    </li>
  );
}
