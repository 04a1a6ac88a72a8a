// The heading of a view that has come in place of another.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

let hasBeenElsewhere = false;

/** Name the window after the view, and begin to read at its heading: what had the focus is gone. */
export function useHeading(title: string) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Lectern`;
  }, [title]);
  // At once: a key that is pressed before all is drawn begins there.
  useLayoutEffect(() => {
    hasBeenElsewhere = true;
    heading.current?.focus();
  }, []);
  return heading;
}

/** Begin with an element after another view, unless a part has the focus; when a page is loaded one begins at its top. */
export function useReturn(id: string): void {
  useLayoutEffect(() => {
    if (hasBeenElsewhere && document.activeElement === document.body) {
      document.getElementById(id)?.focus();
    }
  }, []);
}
