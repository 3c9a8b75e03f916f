// @ts-check
/** Pushes, and a page for when there is no connection. Never keeps anything of a conversation.
 * The view that serves this file puts SHELL before it: what the page without connection needs. */

const worker = /** @type {any} */ (self);
const KEPT = `shell-${SHELL.version}`;

worker.addEventListener("install", (/** @type {any} */ event) => {
  worker.skipWaiting();
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll(SHELL.files)));
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil(
    caches.keys().then((names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name)))),
  );
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => caches.match(SHELL.offline, { ignoreVary: true })));
  } else if (request.destination && SHELL.files.includes(new URL(request.url).pathname)) {
    event.respondWith(fetch(request).catch(() => caches.match(request)));
  }
});

/** @param {string} path @param {object} [body] */
const post = (path, body = {}) =>
  fetch(`/api/v1/${path}`, {
    method: "POST",
    // The push proves who asks; a session would want more.
    credentials: "omit",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

const windows = () => worker.clients.matchAll({ type: "window", includeUncontrolled: true });

/** Whether a page plays its own sound now: one of the console does, once somebody has clicked there.
 * @param {any} page @returns {Promise<boolean>} */
const isHeard = (page) =>
  new Promise((answer) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => answer(data);
    setTimeout(answer, 300, false);
    page.postMessage({ isHeard: true }, [port2]);
  });

/** @param {any} told */
async function tell(told) {
  const open = await windows();
  // Not to a screen that has it in focus.
  const about = told.conversation || (told.ticket && told.url);
  if (about && open.some((/** @type {any} */ page) => page.focused && page.url.includes(about))) return;
  const options = { ...told.options, data: told, icon: SHELL.icon, badge: SHELL.badge, timestamp: Date.parse(told.at) };
  const visible = open.filter((/** @type {any} */ page) => page.visibilityState === "visible");
  if (told.class && !options.silent && (await Promise.all(visible.map(isHeard))).includes(true)) {
    options.silent = true;
    delete options.vibrate;
  }
  await worker.registration.showNotification(told.title, options);
}

/** @param {string} tag */
async function withdraw(tag) {
  for (const shown of await worker.registration.getNotifications({ tag })) shown.close();
}

worker.addEventListener("push", (/** @type {any} */ event) => {
  const told = event.data?.json();
  if (!told) return;
  event.waitUntil(
    Promise.allSettled([
      tell(told),
      post(`devices/${told.device}/seen`, { push: told.push }),
      ...told.withdrawn.map(withdraw),
    ]),
  );
});

/** @param {any} told @param {string} act */
async function answer(told, act) {
  if (act) {
    const done = await post(`offers/${told.push}/${act}`).catch(() => null);
    if (act === "decline" && done?.ok) return;
  }
  // Who watches the wallboard goes on watching it.
  const page = (await windows()).find((/** @type {any} */ each) => /^\/console\/(?!wallboard\/)/.test(new URL(each.url).pathname));
  if (page && (told.conversation || told.ticket)) {
    page.postMessage(told.conversation ? { open: told.conversation } : { go: told.url });
    // It may not come to the front by itself.
    await page.focus().catch(() => {});
  } else await worker.clients.openWindow(told.url);
}

worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  event.waitUntil(answer(event.notification.data, event.action));
});
