// The page of a file that is open beside the conversation.

import { signal } from "@preact/signals";
import { send } from "../api/client.ts";
import { asFailure, type Failure } from "../api/problems.ts";
import { turns } from "../chats/turns.ts";
import type { Place } from "../routes.ts";
import type { Citation, PageText } from "../schema.ts";

export const page = signal<{ file: number; text: PageText } | null>(null);

type State = "loading" | "loaded" | Failure;

/** The page that was asked for last, and what became of that. */
const latest = signal<{ file: number; page: number; state: State } | null>(null);

/** Return what became of a place; one that was not asked for yet is about to be. */
export function stateOf({ file, page: number }: Place): State {
  const asked = latest.value;
  return asked?.file === file && asked.page === number ? asked.state : "loading";
}

/** Load a page, until another is asked for. */
export async function openPage({ file, page: number }: Place): Promise<void> {
  const asked = { file, page: number, state: "loading" } as const;
  const end = (state: State) => {
    latest.value = { ...asked, state };
  };
  latest.value = asked;
  try {
    const path = { file_id: file, number };
    const text = await send("get", "/api/upload/{file_id}/pages/{number}", { path });
    if (latest.value !== asked) return;
    page.value = { file, text };
    end("loaded");
  } catch (error) {
    if (latest.value === asked) end(asFailure(error));
  }
}

/** Keep nothing of how it went: a pane that opens again asks anew. */
export function leavePage(): void {
  latest.value = null;
}

/** The citation that a place was opened from, where it stands in the open chat. */
export function citationOf({ file, page: number, quote }: Place): Citation | undefined {
  return turns.value
    .flatMap((turn) => turn.value.citations)
    .find(
      (one) => one.file_id === file && one.page === number && (!quote || one.start === quote.start),
    );
}

export async function originalUrl(file: number, isDownload = false): Promise<string> {
  const query = { as: "url", download: isDownload } as const;
  const options = { path: { file_id: file }, query };
  return (await send("get", "/api/upload/{file_id}/content", options)).url;
}
