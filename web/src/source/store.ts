// The page of a file that is open beside the conversation.

import { signal } from "@preact/signals";
import { send } from "../api/client.ts";
import { asFailure, type Failure } from "../api/problems.ts";
import { turns } from "../chats/turns.ts";
import type { Place } from "../routes.ts";
import type { Citation, PageText } from "../schema.ts";

export const page = signal<{ file: number; text: PageText } | null>(null);
export const pageState = signal<"loading" | "loaded" | Failure>("loading");

let latest = 0;

export async function openPage({ file, page: number }: Place): Promise<void> {
  latest += 1;
  const asked = latest;
  pageState.value = "loading";
  try {
    const path = { file_id: file, number };
    const text = await send("get", "/api/upload/{file_id}/pages/{number}", { path });
    if (asked !== latest) return;
    page.value = { file, text };
    pageState.value = "loaded";
  } catch (error) {
    if (asked === latest) pageState.value = asFailure(error);
  }
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
