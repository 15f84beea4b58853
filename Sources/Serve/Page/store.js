// The history, in this browser's IndexedDB. Where there is none, it lasts as long as the page.
//
// Other tabs have the same history. What was forgotten in one is not stored by work that another one, or this one,
// began before; and a conversation that went on in two becomes two.

const kinds = ["formulas", "paintings", "chats"];
const memory = Object.fromEntries(kinds.map(kind => [kind, new Map()]));
const removed = new Set();

const database = new Promise(resolve => {
  try {
    const request = indexedDB.open("janus-lite", 1);
    request.onupgradeneeded = () => {
      for (const kind of kinds) request.result.createObjectStore(kind, { keyPath: "id" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve(null);
  } catch {
    resolve(null);
  }
});

/** How often a kind was forgotten. All tabs see the count at once. */
const counts = Object.fromEntries(kinds.map(kind => [kind, 0]));
function count(kind) {
  try {
    return Math.max(counts[kind], Number(localStorage.getItem(`janus-forgotten-${kind}`)) || 0);
  } catch {
    return counts[kind];
  }
}
/** The count when an entry was begun or read. */
const begun = new WeakMap();
const isWanted = (kind, entry) => begun.get(entry) === count(kind) && !removed.has(entry.id);

const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("janus-lite") : null;
function tell(kind, what, id) { channel?.postMessage({ kind, what, id, count: count(kind) }); }
// A message may be here before the count is.
channel?.addEventListener("message", ({ data }) => { counts[data.kind] = Math.max(counts[data.kind], data.count); });

/** Calls `action(what, id)` when another tab has `put`, `remove`d or `clear`ed entries of this kind. */
export function watch(kind, action) {
  channel?.addEventListener("message", ({ data }) => { if (data.kind === kind) action(data.what, data.id); });
}

/** Calls `action(objects)` in a transaction. A full disk costs the history, not the work: `unstored` says so. */
async function change(kind, action) {
  const base = await database;
  if (!base) return;
  await new Promise((resolve, reject) => {
    const transaction = base.transaction(kind, "readwrite");
    transaction.oncomplete = resolve;
    transaction.onabort = reject;
    action(transaction.objectStore(kind));
  }).catch(() => { document.dispatchEvent(new Event("unstored")); });
}

function newID() { return `${Date.now()}-${Math.random().toString(36).slice(2)}`; }

/** A new entry, not stored yet. */
export function begin(kind, fields) {
  const entry = { id: newID(), time: Date.now(), ...fields };
  begun.set(entry, count(kind));
  return entry;
}

/** All entries of a kind, newest first. They are as they were stored: possibly damaged. */
export async function all(kind) {
  const base = await database;
  const now = count(kind);
  const list = await new Promise(resolve => {
    if (!base) return resolve([...memory[kind].values()]);
    const request = base.transaction(kind, "readonly").objectStore(kind).getAll();
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve([]);
  });
  for (const entry of list) begun.set(entry, now);
  return list.sort((a, b) => (Number(b.time) || 0) - (Number(a.time) || 0));
}

/** Stores an entry, unless it was removed or forgotten meanwhile. */
export async function put(kind, entry) {
  const base = await database;
  if (!isWanted(kind, entry)) return false;
  if (!base) { memory[kind].set(entry.id, entry); return true; }
  await change(kind, objects => { if (isWanted(kind, entry)) objects.put(entry); });
  tell(kind, "put", entry.id);
  return true;
}

/**
 * Stores a conversation as it is now. If another tab stored it since this one did or read it, neither is lost: this
 * one gets an id of its own. True then.
 */
export async function putApart(kind, entry) {
  const kept = { ...entry, messages: [...entry.messages] };
  let isApart = false;
  const write = (there, objects) => {
    if (!isWanted(kind, entry)) return;
    if (there && (there.revision ?? 0) !== (entry.revision ?? 0)) {
      entry.id = newID();
      isApart = true;
    }
    entry.revision = (entry.revision ?? 0) + 1;
    objects.put({ ...kept, id: entry.id, revision: entry.revision });
  };
  if (!await database) memory[kind].set(entry.id, entry);
  else await change(kind, objects => {
    objects.get(entry.id).onsuccess = event => write(event.target.result, objects);
  });
  tell(kind, "put", entry.id);
  return isApart;
}

export async function remove(kind, id) {
  removed.add(id);
  memory[kind].delete(id);
  await change(kind, objects => objects.delete(id));
  tell(kind, "remove", id);
}

/** Stores again what was removed; false if all was forgotten since. */
export function restore(kind, entry) {
  removed.delete(entry.id);
  return put(kind, entry);
}

/** Forgets all entries of a kind, also those that are still being made, here and in other tabs. */
export async function clear(kind) {
  counts[kind] = count(kind) + 1;
  try {
    localStorage.setItem(`janus-forgotten-${kind}`, counts[kind]);
  } catch {
    // Without it this tab alone knows.
  }
  memory[kind].clear();
  tell(kind, "clear");
  await change(kind, objects => objects.clear());
}
