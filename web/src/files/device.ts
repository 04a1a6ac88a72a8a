// Reading a file from the device.

import { Problem } from "../api/problems.ts";

const MAX_HASHED_BYTES = 200 * 1024 * 1024;

/** Why a file never leaves this page. */
export function refusal(type: "unreadable-here" | "zero-bytes"): Problem {
  return new Problem({ type, title: "", status: 0, detail: "", instance: "" });
}

/** Read from the device: no folder can be, nor what was changed since it was chosen. */
export async function readBytes(blob: Blob): Promise<ArrayBuffer> {
  try {
    return await blob.arrayBuffer();
  } catch {
    throw refusal("unreadable-here");
  }
}

export async function hash(file: File): Promise<string | null> {
  // Only where the browser counts the page as secure does it hash; the server can do without.
  if (!globalThis.crypto?.subtle || file.size > MAX_HASHED_BYTES) return null;
  const digest = await crypto.subtle.digest("SHA-256", await readBytes(file));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
