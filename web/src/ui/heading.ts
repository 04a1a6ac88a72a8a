// The heading of a view that has come in place of another.

import { useEffect, useRef } from "preact/hooks";

/** Name the window after the view, and begin to read at its heading: what had the focus is gone. */
export function useHeading(title: string) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Lectern`;
  }, [title]);
  useEffect(() => heading.current?.focus(), []);
  return heading;
}
