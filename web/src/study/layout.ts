// What lies open: the side (a drawer where there is no room for it beside the conversation).

import { signal } from "@preact/signals";

export const isSideOpen = signal(false);

let opener: Element | null = null;

export function openSide(): void {
  // Asked now: what lies behind the drawer loses the focus as soon as it is open.
  opener = document.activeElement;
  isSideOpen.value = true;
}

/** Show the files: where the side is no drawer, its list takes the focus. */
export function openFiles(): void {
  if (isNarrow.value) openSide();
  else document.getElementById("files-title")?.focus();
}

export function closeSide(): void {
  isSideOpen.value = false;
}

/** Who opened the drawer gets the focus back, unless something else has taken it by then. */
export function giveBackFocus(): void {
  const active = document.activeElement;
  const isFree = !active || active === document.body || active.closest(".side") !== null;
  if (isFree && opener instanceof HTMLElement) opener.focus();
  opener = null;
}

function matching(query: string) {
  const list = matchMedia(query);
  const matches = signal(list.matches);
  list.addEventListener("change", () => {
    matches.value = list.matches;
  });
  return matches;
}

/** No room for the side beside the conversation: it is a drawer. */
export const isNarrow = matching("(max-width: 61.99rem)");
/** No room for a source beside the conversation: it covers it. */
export const isCovering = matching("(max-width: 74.99rem)");
