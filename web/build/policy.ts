// The Content-Security-Policy of the page, written into index.html.

import type { Plugin } from "vite";

// Never resolves (RFC 2606), so a page that was not told its storage reaches none. The local stack
// puts its own address in its place when it serves the page.
const NOWHERE = "https://storage.invalid";
const UNTOLD =
  "Built for the local stack: without SUPABASE_URL this page reaches no other storage.";

function policy(storage: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    `connect-src 'self' ${storage}`,
    `frame-src ${storage}`,
    "form-action 'self'",
    "base-uri 'none'",
    "object-src 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types lectern",
  ].join("; ");
}

export function contentSecurityPolicy(supabaseUrl: string): Plugin {
  const storage = supabaseUrl ? new URL(supabaseUrl).origin : NOWHERE;
  return {
    name: "lectern-policy",
    // The development server of Vite itself needs inline scripts; `make dev` serves the built page.
    apply: "build",
    configResolved({ logger }) {
      if (storage === NOWHERE) logger.warn(UNTOLD);
    },
    transformIndexHtml: {
      order: "post",
      handler: () => [
        {
          tag: "meta",
          attrs: { "http-equiv": "Content-Security-Policy", content: policy(storage) },
          injectTo: "head-prepend",
        },
      ],
    },
  };
}
