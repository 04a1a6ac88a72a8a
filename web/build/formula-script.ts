// Has the converter of formulas set every style as a property. Two it writes into an attribute, which
// the policy does not let in.

import type { Plugin } from "vite";

const WRITES = 'setAttribute("style"';
const ATTRIBUTE = /\.setAttribute\("style", "([\w-]+): ?(\w+);?"\)/g;

export function formulaScript(): Plugin {
  return {
    name: "lectern-formula-script",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("/temml/src/") || !code.includes(WRITES)) return null;
      const ours = code.replaceAll(ATTRIBUTE, '.style["$1"] = "$2"');
      if (ours.includes(WRITES)) throw new Error(`${id} writes another style into an attribute`);
      return ours;
    },
  };
}
