// Where the focus goes when what has it goes: never to nothing, where the keyboard begins again at the top.

import { useLayoutEffect, useRef } from "preact/hooks";

type Place = Element | null | undefined;

/** Give the focus to the first of these that takes it; what is covered, or gone, does not. */
export function focusFirst(...places: Place[]): void {
  for (const place of places) {
    if (place instanceof HTMLElement) place.focus();
    if (place && document.activeElement === place) return;
  }
}

/** Give it to where one goes on: the question, or the view where that would open a touch keyboard. */
export function focusWork(): void {
  const field = matchMedia("(pointer: fine)").matches ? "form.composer textarea" : null;
  const places = [field, "#conversation", "h1[tabindex]"];
  focusFirst(...places.map((place) => (place ? document.querySelector(place) : null)));
}

/** Give it to the heading of the section that an element is in, or to what is around that. */
export function focusAround(element: Element): void {
  const heading = element.closest("section")?.querySelector("[tabindex='-1']");
  focusFirst(heading, element.closest("[tabindex]"));
}

/** Return a ref to an element: when that goes with the focus in it, `next` gives the focus away. */
export function useFocusAfter<E extends HTMLElement>(next: (gone: E) => void) {
  const ref = useRef<E>(null);
  useLayoutEffect(() => {
    const element = ref.current;
    // Asked before it goes: what is gone has no focus.
    return () => {
      if (element?.contains(document.activeElement)) next(element);
    };
  }, []);
  return ref;
}
