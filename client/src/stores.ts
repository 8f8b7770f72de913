import { type Errand, nothing, type Stored } from "./record.js";

/** Where a shopper's record is kept. */
export interface TicketStore {
  /** Returns what is stored now. */
  read(): Promise<Stored>;
  /**
   * Changes what is stored, and returns what is stored then. Between the read and the write no other
   * tab may write: that is the compare-and-set that settles races. `change` returns its argument to
   * leave it as it is.
   */
  update(change: (stored: Stored) => Stored): Promise<Stored>;
  /** Calls the listener when another tab may have changed it. Returns what ends that. */
  watch(listener: () => void): () => void;
  /** Whether there is nobody to come back to: then a ticket that is due is refreshed before it is used. */
  readonly isShortLived?: boolean;
  close(): void;
}

/** Makes the store of a shopper. The key names the endpoint and the application. */
export type StoreFactory = (key: string) => TicketStore;

function advance(stored: Stored, change: (stored: Stored) => Stored): Stored {
  const next = change(stored);
  const hasTurned = next.ticket !== stored.ticket || next.end !== stored.end;
  return hasTurned ? { ...next, version: stored.version + 1 } : next;
}

/** Keeps the record in memory: for tests, for scripts, and for a server that has a store per request. */
export function memoryStore(): TicketStore {
  let stored = nothing;
  return {
    read: async () => stored,
    update: async (change) => (stored = advance(stored, change)),
    watch: () => () => {},
    close() {},
  };
}

function openChannel(key: string): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel(key);
  } catch {
    return undefined; // not in this browser, or not for this page
  }
}

/** Keeps the record in IndexedDB, which all tabs share and which outlives a reload. */
export function indexedDBStore(key: string): TicketStore {
  const channel = openChannel(key);
  let database: Promise<IDBDatabase> | undefined;

  const open = () => (database ??= openDatabase(() => (database = undefined)));

  async function run(mode: IDBTransactionMode, change: (stored: Stored) => Stored): Promise<Stored> {
    const opened = await open();
    return new Promise((resolve, reject) => {
      let stored = nothing;
      const transaction = opened.transaction("shoppers", mode);
      const shoppers = transaction.objectStore("shoppers");
      const reading = shoppers.get(key);
      reading.onsuccess = () => {
        const before: Stored = reading.result ?? nothing;
        stored = advance(before, change);
        if (stored !== before) shoppers.put(stored, key);
      };
      transaction.oncomplete = () => resolve(stored);
      transaction.onabort = () => reject(transaction.error);
    });
  }

  // The browser may close the database at any time, for example when its data is deleted.
  async function runAgain(mode: IDBTransactionMode, change: (stored: Stored) => Stored): Promise<Stored> {
    try {
      return await run(mode, change);
    } catch {
      database = undefined;
      return run(mode, change);
    }
  }

  return {
    read: () => runAgain("readonly", (stored) => stored),
    async update(change) {
      let isChanged = false;
      const stored = await runAgain("readwrite", (before) => {
        const next = change(before);
        isChanged = next !== before;
        return next;
      });
      if (isChanged) channel?.postMessage(stored.version);
      return stored;
    },
    watch(listener) {
      channel?.addEventListener("message", listener);
      return () => channel?.removeEventListener("message", listener);
    },
    close() {
      channel?.close();
      database?.then((opened) => opened.close());
    },
  };
}

const LONGEST_OPENING = 2_000;

function openDatabase(onClosed: () => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    setTimeout(reject, LONGEST_OPENING, new Error("IndexedDB does not open"));
    const request = indexedDB.open("authtickets", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("shoppers");
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const opened = request.result;
      opened.onclose = onClosed;
      opened.onversionchange = () => {
        opened.close();
        onClosed();
      };
      resolve(opened);
    };
  });
}

/** What tabs tell each other when they have no store in common. */
interface Message {
  /** Absent when a new tab asks. */
  stored?: Stored;
  done: string[];
}

const LONGEST_GREETING = 100;

/**
 * Keeps the record in memory, and sends each change to the other tabs. It ends with the last tab. Two
 * tabs can write at once; then both arrive at the same record.
 */
export function channelStore(key: string): TicketStore {
  const channel = openChannel(key);
  if (!channel) return memoryStore();

  let stored = nothing;
  const done = new Set<string>();
  const listeners = new Set<() => void>();
  const send = (message: Message) => channel.postMessage(message);
  const tell = () => send({ stored, done: [...done] });

  let greeted!: () => void;
  const greeting = new Promise<void>((resolve) => {
    greeted = resolve;
    setTimeout(resolve, LONGEST_GREETING);
  });

  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    data.done.forEach((id) => done.add(id));
    if (data.stored) {
      const merged = merge(stored, data.stored, done);
      const isNews = !isSame(merged, stored);
      const isAhead = !isSame(merged, data.stored);
      stored = merged;
      greeted();
      if (isNews) listeners.forEach((listener) => listener());
      if (isAhead) tell();
    } else if (stored.version > 0) {
      tell();
    }
  };
  send({ done: [] });

  return {
    read: () => greeting.then(() => stored),
    async update(change) {
      await greeting;
      const next = advance(stored, change);
      if (next !== stored) {
        stored.errands.filter(({ id }) => !next.errands.some((other) => other.id === id)).forEach(({ id }) => done.add(id));
        stored = next;
        tell();
      }
      return stored;
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => channel.close(),
  };
}

// The record that both tabs arrive at, whichever of the two they had: the later ticket, and every
// errand that is not done.
function merge(one: Stored, other: Stored, done: Set<string>): Stored {
  const errands = new Map<string, Errand>();
  for (const errand of [...one.errands, ...other.errands]) {
    const known = errands.get(errand.id);
    if (!done.has(errand.id) && !(known && known.notBefore >= errand.notBefore)) errands.set(errand.id, errand);
  }
  return { ...(rank(one) > rank(other) ? one : other), errands: [...errands.values()] };
}

function rank({ turn, version, ticket }: Stored): string {
  return [...[turn, version].map((count) => String(count).padStart(9, "0")), ticket?.attempt].join();
}

function isSame(one: Stored, other: Stored): boolean {
  const ids = ({ errands }: Stored) => errands.map(({ id, notBefore }) => id + notBefore).sort().join();
  return rank(one) === rank(other) && ids(one) === ids(other);
}

/**
 * The store of a page: IndexedDB, or memory with a BroadcastChannel where IndexedDB does not work. It
 * is memory alone outside of a browser.
 */
export function pageStore(key: string): TicketStore {
  if (typeof indexedDB === "undefined") return typeof window === "undefined" ? memoryStore() : channelStore(key);

  const preferred = indexedDBStore(key);
  const chosen = preferred.read().then(
    () => preferred,
    () => {
      preferred.close();
      return channelStore(key);
    },
  );
  return {
    read: () => chosen.then((store) => store.read()),
    update: (change) => chosen.then((store) => store.update(change)),
    watch(listener) {
      const watching = chosen.then((store) => store.watch(listener));
      return () => void watching.then((end) => end());
    },
    close: () => void chosen.then((store) => store.close()),
  };
}
