// A formula: LaTeX as native MathML. The converter is loaded when the first one appears.

import { useEffect, useRef } from "preact/hooks";

const OPTIONS = {
  throwOnError: true,
  trust: false,
  annotate: true,
  maxExpand: 200,
  maxSize: [10, 10] as [number, number],
};
const LONGEST = 4_000;

const CHEMISTRY = /\\(?:ce|pu)\b/;

async function draw(place: HTMLElement, tex: string, isDisplay: boolean): Promise<void> {
  const { temml, learnChemistry } = await import("./temml.ts");
  if (CHEMISTRY.test(tex)) await learnChemistry();
  const drawn = document.createElement("span");
  try {
    temml.render(tex, drawn, { ...OPTIONS, displayMode: isDisplay });
  } catch {
    return; // The source stays: it says more than a wrong formula.
  }
  place.replaceChildren(...drawn.childNodes);
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
