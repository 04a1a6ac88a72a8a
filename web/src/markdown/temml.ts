// The converter of formulas, in a chunk of its own, with the font of its script letters.

import temml from "temml/temml.js";
import "temml/dist/Temml-Local.css";

export { temml };

/** Teach it chemistry (`\ce{}` and `\pu{}`), which most formulas do without. */
export async function learnChemistry(): Promise<void> {
  // The extension looks for the converter where a script tag would have put it.
  Object.assign(globalThis, { temml });
  await import("temml/contrib/mhchem/mhchem.js");
}
