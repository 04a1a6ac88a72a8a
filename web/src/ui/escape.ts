// The key that closes one thing: the innermost, which then says that it is done.

import { isComposing } from "./composing.ts";

/** Whether Escape still has something to close; it also ends the composing of a letter. */
export function isEscape(event: KeyboardEvent): boolean {
  return event.key === "Escape" && !isComposing(event) && !event.defaultPrevented;
}
