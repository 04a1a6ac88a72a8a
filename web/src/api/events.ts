// Server-sent events out of a response body.

import { parseJson } from "./problems.ts";
import { hear } from "./silence.ts";

// The server says something at least every 10 s.
const SILENCE_MILLISECONDS = 25_000;

export interface ServerEvent {
  event: string;
  data: unknown;
}

function parse(block: string): ServerEvent | null {
  let event = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) event = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).trimStart());
  }
  return data.length ? { event, data: parseJson(data.join("\n")) } : null;
}

/** Yield the events of each network read together: what arrived together is drawn together. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent[]> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await hear(reader.read(), SILENCE_MILLISECONDS);
      if (done) return;
      const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = blocks.pop() ?? "";
      const events = blocks.map(parse).filter((event) => event !== null);
      if (events.length) yield events;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
