// Saving a file. Not by navigating: without a connection the browser's own page would take the place of this one.

import { Problem } from "../api/problems.ts";
import { hear } from "../api/silence.ts";

const SILENCE_MILLISECONDS = 30_000;

let frame: HTMLIFrameElement | null = null;

/** Ask whether storage sends it: of what a frame does not get nobody hears. Raises a Failure. */
async function check(url: string): Promise<void> {
  const asking = new AbortController();
  try {
    // As the frame will: a plain GET needs no leave of storage before it, as HEAD or a range may.
    const request = fetch(url, { cache: "no-store", signal: asking.signal });
    const { ok } = await hear(request, SILENCE_MILLISECONDS);
    if (ok) return;
    const type = "storage-withheld";
    throw new Problem({ type, title: "", status: 0, detail: "", instance: "" });
  } finally {
    asking.abort(); // the bytes are the frame's to fetch
  }
}

/** Let the browser save what a signed address sends as an attachment. Raises a Failure. */
export async function download(url: string): Promise<void> {
  await check(url);
  frame ??= document.body.appendChild(document.createElement("iframe"));
  frame.hidden = true;
  frame.src = url;
}
