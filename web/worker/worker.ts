// Keeps the shell of the page (never an answer of the API) so that it opens without a connection.

export {};

declare const self: ServiceWorkerGlobalScope;

/** The build writes the files of the shell in its place. */
declare const SHELL_FILES: string[];

const SHELL = SHELL_FILES;
const CACHE = `lectern-${SHELL.join(" ")}`;

async function keep(request: Request, response: Response): Promise<Response> {
  if (response.ok && response.type === "basic") {
    const copy = response.clone();
    const cache = await caches.open(CACHE);
    await cache.put(request, copy);
  }
  return response;
}

/** The page itself: the newest one, or the kept one where there is no connection. */
async function openPage(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match("/")) ?? Response.error();
  }
}

/** What has a hash in its name never changes. */
async function openAsset(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? keep(request, await fetch(request));
}

async function forgetOlder(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
  await self.clients.claim();
}

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)));
});

self.addEventListener("activate", (event) => event.waitUntil(forgetOlder()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith("/api/")) return;
  if (request.mode === "navigate") event.respondWith(openPage(request));
  else if (url.pathname.startsWith("/assets/")) event.respondWith(openAsset(request));
  else if (SHELL.includes(url.pathname))
    event.respondWith(fetch(request).catch(() => openAsset(request)));
});
