// One page and its worker, built into dist/. `make web SUPABASE_URL=…` pins the storage it may reach.

import { defineConfig } from "vite";
import { formulaScript } from "./build/formula-script.ts";
import { formulaStyle } from "./build/formula-style.ts";
import { licences } from "./build/licences.ts";
import { contentSecurityPolicy } from "./build/policy.ts";
import { shell } from "./build/shell.ts";

export default defineConfig({
  base: "/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    // Vite's own, but for two. Chromium 120 is the first that knows :dir(), which an older one would
    // have rewritten to the language of the page, whatever the direction of the words; Firefox 121 the
    // first that knows :has(), by which the study is laid out.
    cssTarget: ["chrome120", "edge120", "firefox121", "safari16.4", "ios16.4"],
    // A data: URL would need a hole in the policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    rolldownOptions: {
      input: { index: "index.html", worker: "worker/worker.ts" },
      output: {
        entryFileNames: (chunk) =>
          chunk.name === "worker" ? "worker.js" : "assets/[name]-[hash].js",
      },
    },
  },
  plugins: [
    contentSecurityPolicy(process.env.SUPABASE_URL ?? ""),
    formulaScript(),
    formulaStyle(),
    shell(),
    licences(),
  ],
});
