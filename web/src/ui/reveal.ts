// What opens below the edge of what scrolls.

/** The ref of what has opened: scrolled into view, as far as it is not. */
export function reveal(element: Element | null): void {
  element?.scrollIntoView({ block: "nearest" });
}
