// Where the user is signed in.

import { useEffect, useRef, useState } from "preact/hooks";
import { send } from "../api/client.ts";
import { asFailure, type Failure, Problem } from "../api/problems.ts";
import type { Session } from "../schema.ts";
import { formatTime, strings } from "../strings/index.ts";
import { FailureNote, Retry } from "../ui/failure.tsx";

const BROWSERS: [RegExp, string][] = [
  [/Edg\//, "Edge"],
  [/OPR\//, "Opera"],
  [/Firefox\//, "Firefox"],
  [/Chrome\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const SYSTEMS: [RegExp, string][] = [
  [/iPhone|iPad/, "iOS"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

/** A device as a person would name it, from what its browser says of itself. */
function nameDevice(userAgent: string | null): string {
  const find = (known: [RegExp, string][]) =>
    known.find(([sign]) => sign.test(userAgent ?? ""))?.[1];
  const names = [find(BROWSERS), find(SYSTEMS)].filter(Boolean);
  return names.join(", ") || userAgent?.slice(0, 40) || strings.value.account.unknownDevice;
}

type Listed = Pick<Session, "id" | "user_agent" | "last_used_at" | "current">;

function Row({ session, onEnd }: { session: Listed; onEnd: () => void }) {
  const s = strings.value.account;
  const device = nameDevice(session.user_agent);
  return (
    <li class="session">
      <span>
        <span class="name">{device}</span>
        <span class="meta">
          {session.current ? s.thisOne : s.lastUsed(formatTime(session.last_used_at))}
        </span>
      </span>
      {!session.current && (
        <button type="button" class="quiet" aria-label={s.endThis(device)} onClick={onEnd}>
          {s.endSession}
        </button>
      )}
    </li>
  );
}

/** What is known of this session before the list is here: what stands below need not move when it comes. */
const own: Listed = { id: 0, user_agent: navigator.userAgent, last_used_at: "", current: true };

interface Trouble {
  failure: Failure;
  again: () => void;
}

/** `changes` is how often the password was changed here, which ends all sessions but this one. */
export function SessionList({ changes }: { changes: number }) {
  const [sessions, setSessions] = useState<Listed[]>([own]);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const attempt = (work: () => Promise<void>) => {
    setTrouble(null);
    work().catch((error: unknown) => {
      setTrouble({ failure: asFailure(error), again: () => attempt(work) });
    });
  };
  const load = async () => {
    setSessions((await send("get", "/api/auth/sessions", { query: { limit: 100 } })).sessions);
  };
  const end = async (id: number) => {
    try {
      await send("delete", "/api/auth/sessions/{session_id}", { path: { session_id: id } });
    } catch (error) {
      // It has ended by itself, from elsewhere, or by a try whose reply was lost.
      if (!(error instanceof Problem) || error.slug !== "session-not-found") throw error;
    }
    await load();
    // The button that had the focus is gone; whoever went on meanwhile has it elsewhere.
    const active = document.activeElement;
    if (active === document.body || list.current?.contains(active)) list.current?.focus();
  };
  useEffect(() => attempt(load), [changes]);
  return (
    <>
      {trouble && (
        <FailureNote failure={trouble.failure}>
          <Retry failure={trouble.failure} onRetry={trouble.again} />
        </FailureNote>
      )}
      <ul class="sessions" ref={list} tabIndex={-1} aria-label={strings.value.account.sessions}>
        {sessions.map((session) => (
          <Row key={session.id} session={session} onEnd={() => attempt(() => end(session.id))} />
        ))}
      </ul>
    </>
  );
}
