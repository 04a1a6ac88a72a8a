// The worker that keeps the page itself for times without a connection.

import { effect } from "@preact/signals";
import { user } from "./api/session.ts";

interface Policies {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): {
    createScriptURL(url: string): string;
  };
}

const WORKER = "/worker.js";

/** The one address of a script that this page ever makes from a string. */
function trustedAddress(): string {
  const policies = (window as { trustedTypes?: Policies }).trustedTypes;
  if (!policies) return WORKER;
  const rules = {
    createScriptURL: (url: string) => {
      if (url !== WORKER) throw new TypeError("not our worker");
      return url;
    },
  };
  return policies.createPolicy("lectern", rules).createScriptURL(WORKER);
}

/** Register the worker once someone is signed in: who only looks in downloads nothing more. */
export function keepShell(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  const dispose = effect(() => {
    if (!user.value) return;
    queueMicrotask(() => dispose());
    navigator.serviceWorker.register(trustedAddress(), { type: "module" }).catch(() => {});
  });
}
