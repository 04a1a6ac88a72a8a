// The converter of formulas, in a chunk of its own, with its style. It is put together from the
// parts that one formula needs: the package's own entry brings along what searches and numbers
// whole documents.

import buildMathML from "temml/src/buildMathML.js";
import { StyleLevel } from "temml/src/constants.js";
import defineMacro from "temml/src/defineMacro.js";
import parseTree from "temml/src/parseTree.js";
import Settings from "temml/src/Settings.js";
import Style from "temml/src/Style.js";
import "temml/dist/Temml-Local.css";
import "../styles/formula.css";

// In em: what an answer may take of the screen with \rule and \kern.
const MAX_SIZE: [number, number] = [10, 10];
const OPTIONS = {
  throwOnError: true,
  trust: false,
  annotate: true,
  maxExpand: 200,
  maxSize: MAX_SIZE,
};

/** Return LaTeX as MathML; throws where it is no formula. */
export function convert(tex: string, isDisplay: boolean): Node {
  const settings = new Settings({ ...OPTIONS, displayMode: isDisplay });
  const level = isDisplay ? StyleLevel.DISPLAY : StyleLevel.TEXT;
  const style = new Style({ level, maxSize: MAX_SIZE });
  return buildMathML(parseTree(tex, settings), tex, style, settings).toNode();
}

/** Teach it chemistry (`\ce{}` and `\pu{}`), which most formulas do without. */
export async function learnChemistry(): Promise<void> {
  // The extension looks for the converter where a script tag would have put it.
  Object.assign(globalThis, { temml: { __defineMacro: defineMacro } });
  await import("temml/contrib/mhchem/mhchem.js");
}
