// The history, in this browser's IndexedDB. Where there is none, it lasts as long as the page.

const kinds = ["formulas", "paintings", "chats"];
const memory = Object.fromEntries(kinds.map(kind => [kind, new Map()]));

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

async function run(kind, mode, action) {
  const base = await database;
  if (!base) return null;
  return new Promise((resolve, reject) => {
    const request = action(base.transaction(kind, mode).objectStore(kind));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** All entries of a kind, newest first. */
export async function all(kind) {
  const list = await run(kind, "readonly", s => s.getAll()) ?? [...memory[kind].values()];
  return list.sort((a, b) => b.time - a.time);
}

export async function put(kind, entry) {
  memory[kind].set(entry.id, entry);
  // A full disk costs the history, not the work.
  await run(kind, "readwrite", s => s.put(entry)).catch(() => {});
}

export async function remove(kind, id) {
  memory[kind].delete(id);
  await run(kind, "readwrite", s => s.delete(id)).catch(() => {});
}

export async function clear(kind) {
  memory[kind].clear();
  await run(kind, "readwrite", s => s.clear()).catch(() => {});
}

export function newID() { return `${Date.now()}-${Math.random().toString(36).slice(2)}`; }
