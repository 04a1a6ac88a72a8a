// One upload on its way.

import { type Failure, Problem } from "../api/problems.ts";
import { explain, strings } from "../strings/index.ts";
import { IconButton } from "../ui/button.tsx";
import { Retry } from "../ui/failure.tsx";
import { leaveRow } from "./file-row.tsx";
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

export function ShipmentRow({ shipment }: { shipment: Shipment }) {
  const s = strings.value;
  const { key, state } = shipment;
  const isOver = state.stage === "duplicate" || state.stage === "failed";
  const isPaused = state.stage === "paused";
  // One button for both: whoever has pressed it keeps the focus.
  const canPause = isPaused || state.stage === "sending";
  const leave = () => {
    cancel(key);
    leaveRow();
  };
  return (
    <li class={`row file ${state.stage}`}>
      <div class="row-line">
        <div class="row-body">
          <DottedName name={shipment.file.name} />
          <State shipment={shipment} />
          {state.stage === "failed" && isWorthRetrying(state.failure) && (
            <Retry failure={state.failure} onRetry={() => resume(key)} />
          )}
        </div>
        {canPause && (
          <IconButton
            icon={isPaused ? "resume" : "pause"}
            label={isPaused ? s.files.resume : s.files.pause}
            onClick={() => (isPaused ? resume(key) : pause(key))}
          />
        )}
        <IconButton icon="close" label={isOver ? s.close : s.cancel} onClick={leave} />
      </div>
    </li>
  );
}
