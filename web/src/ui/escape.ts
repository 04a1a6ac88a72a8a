// The key that closes one thing: the innermost, which then says that it is done.

/** Whether Escape still has something to close; it also ends the composing of a letter. */
export function isEscape(event: KeyboardEvent): boolean {
  return event.key === "Escape" && !event.isComposing && !event.defaultPrevented;
}
