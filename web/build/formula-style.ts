// Takes the font out of the style of formulas: what is written in it forbids commercial use, whatever
// the licence of its package says. src/styles/formula.css says what stands in its place.

import type { Plugin } from "vite";

const FACE = /@font-face\s*\{[^}]*Temml\.woff2[^}]*\}/;
const USES = /font-family:\s*["']?Temml["']?;/g;

export function formulaStyle(): Plugin {
  return {
    name: "lectern-formula-style",
    enforce: "pre",
    transform(code, id) {
      if (!id.endsWith("/Temml-Local.css")) return null;
      if (!FACE.test(code)) throw new Error("the style of formulas names its font differently");
      return code.replace(FACE, "").replaceAll(USES, "");
    },
  };
}
