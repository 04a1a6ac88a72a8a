// Server-sent events out of a response body.

import { parseJson } from "./problems.ts";
import { hearPieces } from "./silence.ts";

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
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of hearPieces(body, SILENCE_MILLISECONDS)) {
    const blocks = (rest + decoder.decode(piece, { stream: true })).split("\n\n");
    rest = blocks.pop() ?? "";
    const events = blocks.map(parse).filter((event) => event !== null);
    if (events.length) yield events;
  }
}
