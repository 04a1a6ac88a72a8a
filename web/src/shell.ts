// The worker that keeps the page itself for times without a connection.

import { user } from "./api/session.ts";
import { until } from "./files/waiting.ts";

interface Policies {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): {
    createScriptURL(url: string): string;
  };
}

const WORKER = "/worker.js";
const SOON_MILLISECONDS = 2_000;

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

/** Do what nobody waits for once the page has nothing else to do; not every browser says when. */
function whenIdle(work: () => void): void {
  if ("requestIdleCallback" in window) requestIdleCallback(work);
  else setTimeout(work, SOON_MILLISECONDS);
}

function register(): void {
  // Not as a module, which Firefox before 147 does not take: it is built into one file.
  navigator.serviceWorker.register(trustedAddress()).catch(() => {});
}

/**
 * Register the worker once someone is signed in, and the page is idle: it downloads all that the
 * page may load later. Who only looks in downloads nothing more.
 */
export function keepShell(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  until(() => Boolean(user.value)).then(() => whenIdle(register));
}
