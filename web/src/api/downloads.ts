// Saving what only a request with the access token can fetch.

import { readBlob } from "./replies.ts";
import { authorised } from "./session.ts";

function nameFrom(response: Response): string {
  const header = response.headers.get("content-disposition") ?? "";
  const encoded = /filename\*=UTF-8''([^;]+)/.exec(header)?.[1];
  return encoded ? decodeURIComponent(encoded) : "lectern";
}

function save(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Fetch `url` as the user and have the browser save it under the name the server gave. */
export async function download(url: string): Promise<void> {
  const response = await authorised(url);
  save(await readBlob(response), nameFrom(response));
}
