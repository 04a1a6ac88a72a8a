// The receipt of a deleted account: what is gone.

import { signal } from "@preact/signals";
import type { Receipt } from "../schema.ts";
import { strings } from "../strings/index.ts";
import { useHeading } from "../ui/heading.ts";
import { Wordmark } from "../ui/wordmark.tsx";

/** "lost": the account is gone, and with the connection went what the server said of it. */
export const receipt = signal<Receipt | "lost" | null>(null);

function Line({ name, count }: { name: string; count: number }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{count}</dd>
    </div>
  );
}

function Lines({ rows, stored_objects, pending_objects }: Receipt) {
  const s = strings.value.account;
  const order = Object.keys(s.receiptRows);
  const kinds = Object.keys(rows).sort((a, b) => order.indexOf(a) - order.indexOf(b));
  return (
    <>
      <p>{s.receiptText}</p>
      <dl>
        {kinds.map((kind) => (
          <Line key={kind} name={s.receiptRows[kind] ?? kind} count={rows[kind] ?? 0} />
        ))}
        <Line name={s.receiptObjects} count={stored_objects} />
        {pending_objects > 0 && <Line name={s.receiptPending} count={pending_objects} />}
      </dl>
    </>
  );
}

export function ReceiptView({ told }: { told: Receipt | "lost" }) {
  const s = strings.value.account;
  const heading = useHeading(s.receiptTitle);
  // A fresh start: nothing of the account stays in the page's memory.
  const leave = () => location.replace("/");
  return (
    <main class="account receipt">
      <Wordmark />
      <h1 ref={heading} tabIndex={-1}>
        {s.receiptTitle}
      </h1>
      {told === "lost" ? <p>{s.receiptLost}</p> : <Lines {...told} />}
      <button type="button" class="primary" onClick={leave}>
        {s.receiptEnd}
      </button>
    </main>
  );
}
