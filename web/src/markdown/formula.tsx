// A formula: LaTeX as native MathML. The converter is loaded when the first one appears.

import { useEffect, useRef, useState } from "preact/hooks";
import { strings } from "../strings/index.ts";

const LONGEST = 4_000;

const CHEMISTRY = /\\(?:ce|pu)\b/;

/** Draw a formula. Returns whether it is one. */
async function draw(place: HTMLElement, tex: string, isDisplay: boolean): Promise<boolean> {
  try {
    const { convert, learnChemistry } = await import("./temml.ts");
    if (CHEMISTRY.test(tex)) await learnChemistry();
    place.replaceChildren(convert(tex, isDisplay));
    return true;
  } catch {
    // The source stays, also where the converter is not to be had: it says more than a wrong formula.
    return false;
  }
}

/** Whether the formula itself is wider than its place: a sign that stands out of it is no reason to scroll. */
function isTooWide(place: HTMLElement): boolean {
  const width = place.firstElementChild?.getBoundingClientRect().width ?? 0;
  return width > place.clientWidth + 1;
}

/** What scrolls can be focused. */
function focusable() {
  return { role: "group", tabIndex: 0, "aria-label": strings.value.answer.formula } as const;
}

export function Formula({ tex, isDisplay }: { tex: string; isDisplay: boolean }) {
  const place = useRef<HTMLElement>(null);
  const [isDrawn, setDrawn] = useState(false);
  const [isWide, setWide] = useState(false);
  useEffect(() => {
    const span = place.current;
    if (!span) return;
    span.textContent = tex;
    if (tex.length <= LONGEST) draw(span, tex, isDisplay).then(setDrawn);
  }, [tex, isDisplay]);
  useEffect(() => {
    const span = place.current;
    if (!span || !isDrawn) return;
    const observer = new ResizeObserver(() => setWide(isTooWide(span)));
    observer.observe(span);
    return () => observer.disconnect();
  }, [tex, isDrawn]);
  const names = ["formula", isDisplay && "display", isDrawn && "drawn", isWide && "wide"];
  return (
    <span
      ref={place}
      class={names.filter(Boolean).join(" ")}
      dir="ltr"
      {...(isWide ? focusable() : {})}
    />
  );
}
