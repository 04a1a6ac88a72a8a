// Tells the worker which files make up the shell: what the page needs before it asks for anything.

import type { Plugin } from "vite";

const MARK = "SHELL_FILES";
const PUBLIC = ["/", "/manifest.webmanifest", "/icon.svg"];

export function shell(): Plugin {
  return {
    name: "lectern-shell",
    apply: "build",
    enforce: "post",
    generateBundle(_options, bundle) {
      const worker = bundle["worker.js"];
      const index = Object.values(bundle).find(
        (part) => part.type === "chunk" && part.isEntry && part !== worker,
      );
      if (worker?.type !== "chunk" || index?.type !== "chunk") throw new Error("no worker to tell");
      const styles = [...(index.viteMetadata?.importedCss ?? [])];
      const roman = Object.keys(bundle).filter((name) => name.includes("latin-400-normal"));
      const files = [index.fileName, ...index.imports, ...styles, ...roman].map(
        (name) => `/${name}`,
      );
      if (!worker.code.includes(MARK)) throw new Error("the worker has no place for the shell");
      worker.code = worker.code.replaceAll(MARK, JSON.stringify([...PUBLIC, ...files]));
    },
  };
}
