// Tells the worker which files make up the shell: the page and whatever it may load later.

import { createHash } from "node:crypto";
import type { Plugin } from "vite";

const PUBLIC = ["/", "/manifest.webmanifest", "/icon.svg"];

/** Of the fonts the one that nearly all text is in; the others are kept when they are first used. */
function isWanted(name: string): boolean {
  const isFont = name.endsWith(".woff2");
  return name.startsWith("assets/") && (!isFont || name.includes("latin-400-normal"));
}

/** Put `value` in the place that the worker has for it. */
function tell(code: string, mark: string, value: string | string[]): string {
  if (!code.includes(mark)) throw new Error(`the worker has no place for ${mark}`);
  return code.replaceAll(mark, JSON.stringify(value));
}

export function shell(): Plugin {
  return {
    name: "lectern-shell",
    apply: "build",
    enforce: "post",
    generateBundle(_options, bundle) {
      const worker = bundle["worker.js"];
      const page = bundle["index.html"];
      const entry = Object.values(bundle).find(
        (part) => part.type === "chunk" && part.isEntry && part !== worker,
      );
      if (worker?.type !== "chunk" || page?.type !== "asset" || !entry)
        throw new Error("no worker to tell");
      const files = Object.keys(bundle).filter(isWanted);
      // It names the page's first script, and that by its hash all others; and it holds the policy.
      const version = createHash("sha256").update(page.source).digest("base64url");
      worker.code = tell(worker.code, "SHELL_FILES", [
        ...PUBLIC,
        ...files.map((name) => `/${name}`),
      ]);
      worker.code = tell(worker.code, "SHELL_VERSION", version);
      worker.code = tell(worker.code, "SHELL_ENTRY", `/${entry.fileName}`);
    },
  };
}
