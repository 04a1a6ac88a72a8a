// Words that an input method composes: the key that ends one means nothing else.

/** The code of every key that goes to the input method (UI Events, 7.3.1). */
const TAKEN = 229;

/** Whether a key is the input method's. Safari sends the one that ends a word too late: its code alone says so. */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === TAKEN;
}
