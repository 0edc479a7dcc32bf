// What stays when the network goes: one page that says so. Nothing else is ever kept, since every
// other page shows people's data. `keep` is put before this file by the server: the addresses of
// that page and of its style.

interface KeepsFiles {
  keep: string[];
}

interface Lives extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface Asks extends Event {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}

const NAME = "offline";
const { keep } = self as unknown as KeepsFiles;

async function keepOfflinePage(): Promise<void> {
  await caches.delete(NAME);
  const cache = await caches.open(NAME);
  await cache.addAll(keep);
}

async function answerOrSayOffline(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    const page = await caches.match(request.mode === "navigate" ? (keep[0] ?? "") : request);
    if (page === undefined) {
      throw error;
    }
    return page;
  }
}

self.addEventListener("install", (event) => (event as Lives).waitUntil(keepOfflinePage()));

self.addEventListener("fetch", (event) => {
  const asked = event as Asks;
  const path = new URL(asked.request.url).pathname;
  if (asked.request.mode === "navigate" || keep.includes(path)) {
    asked.respondWith(answerOrSayOffline(asked.request));
  }
});
