// What lies open: the side (a drawer where there is no room for it beside the conversation).

import { signal } from "@preact/signals";

export const isSideOpen = signal(false);

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
