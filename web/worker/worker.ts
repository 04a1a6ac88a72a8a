// Keeps the shell of the page (never an answer of the API) so that it opens without a connection.

export {};

declare const self: ServiceWorkerGlobalScope;

// The build writes in their place the files of the shell, which page they belong to, and the script
// by which that is known. With another policy alone it is another page already.
declare const SHELL_FILES: string[];
declare const SHELL_VERSION: string;
declare const SHELL_ENTRY: string;

const SHELL = SHELL_FILES;
const CACHE = `lectern-${SHELL_VERSION}`;

async function keep(request: Request, response: Response): Promise<void> {
  if (!response.ok || response.type !== "basic") return;
  const cache = await caches.open(CACHE);
  await cache.put(request, response);
}

/** Keep a page as it is served now, with its headers; one of another build has parts that are not here. */
async function keepPage(response: Response): Promise<void> {
  const copy = response.clone();
  if (!response.ok || !(await response.text()).includes(SHELL_ENTRY)) return;
  const cache = await caches.open(CACHE);
  await cache.put("/", copy);
}

/** The page itself: the newest one, or the kept one where there is no connection. */
async function openPage(event: FetchEvent): Promise<Response> {
  try {
    const response = await fetch(event.request);
    event.waitUntil(keepPage(response.clone()).catch(() => {}));
    return response;
  } catch {
    return (await caches.match("/")) ?? Response.error();
  }
}

/** What has a hash in its name never changes. There may be no room to keep it: it is fetched all the same. */
async function openAsset(event: FetchEvent): Promise<Response> {
  const kept = await caches.match(event.request);
  if (kept) return kept;
  const response = await fetch(event.request);
  event.waitUntil(keep(event.request, response.clone()).catch(() => {}));
  return response;
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
  if (request.mode === "navigate") event.respondWith(openPage(event));
  else if (url.pathname.startsWith("/assets/")) event.respondWith(openAsset(event));
  else if (SHELL.includes(url.pathname))
    event.respondWith(fetch(request).catch(() => openAsset(event)));
});
