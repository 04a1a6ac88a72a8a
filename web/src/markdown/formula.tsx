// A formula: LaTeX as native MathML. The converter is loaded when the first one appears.

import { useEffect, useRef } from "preact/hooks";

const LONGEST = 4_000;

const CHEMISTRY = /\\(?:ce|pu)\b/;

async function draw(place: HTMLElement, tex: string, isDisplay: boolean): Promise<void> {
  try {
    const { convert, learnChemistry } = await import("./temml.ts");
    if (CHEMISTRY.test(tex)) await learnChemistry();
    place.replaceChildren(convert(tex, isDisplay));
  } catch {
    // The source stays, also without a connection: it says more than a wrong formula.
  }
}

export function Formula({ tex, isDisplay }: { tex: string; isDisplay: boolean }) {
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!place.current) return;
    place.current.textContent = tex;
    if (tex.length <= LONGEST) draw(place.current, tex, isDisplay);
  }, [tex, isDisplay]);
  return <span ref={place} class={isDisplay ? "formula display" : "formula"} dir="ltr" />;
}
