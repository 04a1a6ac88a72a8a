// Takes two things out of the style of formulas. Its font: what is written in it forbids commercial
// use, whatever the licence of its package says; src/styles/formula.css says what stands in its place.
// And a picture in a data: URL, which the policy does not let in: the package has it as a file, too.

import type { Plugin } from "vite";

const FACE = /@font-face\s*\{[^}]*Temml\.woff2[^}]*\}/;
const USES = /font-family:\s*["']?Temml["']?;/g;
const ARROW = /url\("data:image\/svg\+xml,[^"]*"\)/g;
const ARROW_FILE = 'url("../src/canceltoArrow.svg")';

export function formulaStyle(): Plugin {
  return {
    name: "lectern-formula-style",
    enforce: "pre",
    transform(code, id) {
      if (!id.endsWith("/Temml-Local.css")) return null;
      if (!FACE.test(code)) throw new Error("the style of formulas names its font differently");
      const ours = code.replace(FACE, "").replaceAll(USES, "").replaceAll(ARROW, ARROW_FILE);
      if (ours.includes("data:")) throw new Error("the style of formulas has another picture");
      return ours;
    },
  };
}
