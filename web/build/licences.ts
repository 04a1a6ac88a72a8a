// Ships the licences of what is built into the page.

import { existsSync, readFileSync } from "node:fs";
import type { Plugin } from "vite";

const PACKAGES = [
  "preact",
  "@preact/signals",
  "@preact/signals-core",
  "temml",
  "@fontsource/literata",
];

function licence(name: string): string {
  const folder = new URL(`../node_modules/${name}/`, import.meta.url);
  const file = ["LICENSE", "LICENSE.txt"]
    .map((name) => new URL(name, folder))
    .find((path) => existsSync(path));
  if (!file) throw new Error(`${name} ships no licence`);
  return `${name}\n\n${readFileSync(file, "utf8").trim()}\n`;
}

export function licences(): Plugin {
  return {
    name: "lectern-licences",
    apply: "build",
    generateBundle() {
      const source = PACKAGES.map(licence).join("\n----\n\n");
      this.emitFile({ type: "asset", fileName: "licences.txt", source });
    },
  };
}
