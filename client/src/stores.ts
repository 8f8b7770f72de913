import { nothing, type Stored } from "./record.js";

export type Change = (stored: Stored) => Stored;

/** Where a shopper's record is kept. */
export interface TicketStore {
  /** Returns what is stored now. */
  read(): Promise<Stored>;
  /**
   * Changes what is stored, and returns what is stored then. Between the read and the write no other
   * tab may write: that is the compare-and-set that settles races. `change` returns its argument to
   * leave it as it is.
   */
  update(change: Change): Promise<Stored>;
  /** Calls the listener when another tab may have changed it, until `close`. */
  watch(listener: () => void): void;
  close(): void;
}

/** Makes the store of a shopper. The key names the endpoint and the application. */
export type StoreFactory = (key: string) => TicketStore | Promise<TicketStore>;

/** Applies a change, and counts it. A store calls it in its `update`. */
export function advance(stored: Stored, change: Change): Stored {
  const next = change(stored);
  const hasTurned = next.ticket !== stored.ticket || next.end !== stored.end;
  return hasTurned ? { ...next, version: stored.version + 1 } : next;
}

function openChannel(key: string): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel(key);
  } catch {
    return undefined; // not in this browser, or not for this page
  }
}

// Passes a change on to where the record is, and tells the other tabs of it.
function sharing(
  channel: BroadcastChannel | undefined,
  transact: (change: Change, mode: IDBTransactionMode) => Promise<Stored>,
): TicketStore {
  return {
    read: () => transact((stored) => stored, "readonly"),

    async update(change) {
      let isChanged = false;
      const stored = await transact((before) => {
        const after = advance(before, change);
        isChanged = after !== before;
        return after;
      }, "readwrite");
      if (isChanged) channel?.postMessage(stored);
      return stored;
    },

    watch: (listener) => channel?.addEventListener("message", listener),
    close: () => channel?.close(),
  };
}

/** Keeps the record in IndexedDB, which all tabs share and which outlives a reload. */
export function indexedDBStore(key: string): TicketStore {
  let database: Promise<IDBDatabase> | undefined;

  async function transact(change: Change, mode: IDBTransactionMode): Promise<Stored> {
    const opened = await (database ??= openDatabase());
    return new Promise((resolve, reject) => {
      let stored: Stored;
      const transaction = opened.transaction("shoppers", mode);
      const shoppers = transaction.objectStore("shoppers");
      const reading = shoppers.get(key);
      reading.onsuccess = () => {
        const before = reading.result ?? nothing;
        stored = change(before);
        if (stored !== before) shoppers.put(stored, key);
      };
      transaction.oncomplete = () => resolve(stored);
      transaction.onabort = reject;
    });
  }

  return sharing(openChannel(key), (change, mode) =>
    transact(change, mode).catch(() => {
      // The browser may have closed the database, for example because its data was deleted.
      database = undefined;
      return transact(change, mode);
    }),
  );
}

const LONGEST_OPENING = 2_000;

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    setTimeout(reject, LONGEST_OPENING);
    const request = indexedDB.open("authtickets", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("shoppers");
    request.onerror = reject;
    request.onsuccess = () => {
      // Somebody deletes the database: do not hold that up.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
  });
}

/** Keeps the record in memory: for tests, for scripts, and for a server that has a store per request. */
export const memoryStore = () => inMemory(undefined);

/**
 * Keeps the record in memory, and sends each change to the other tabs. It ends with the last tab. Two
 * tabs can write at once; then both arrive at the same ticket. Each tab runs its own errands.
 */
export const channelStore = (key: string) => inMemory(openChannel(key));

const LONGEST_GREETING = 100;

function inMemory(channel: BroadcastChannel | undefined): TicketStore {
  let stored = nothing;

  // A new tab tells that it has nothing, and who has more answers.
  const greeting = new Promise<unknown>((greeted) => {
    if (!channel) return greeted(0);
    setTimeout(greeted, LONGEST_GREETING);
    channel.onmessage = ({ data }) => {
      if (rank(data) > rank(stored)) {
        stored = { ...data, errands: stored.errands };
        greeted(0);
      } else if (rank(data) < rank(stored)) {
        channel.postMessage(stored);
      }
    };
    channel.postMessage(stored);
  });

  return sharing(channel, async (change) => {
    await greeting;
    return (stored = change(stored));
  });
}

// Of two records that tabs have, the one with the higher rank stays.
const rank = ({ turn, version, ticket }: Stored) => (turn + 1e4) * 1e6 + version + `${ticket?.attempt}`;

/**
 * The store of a page: IndexedDB, or memory with a BroadcastChannel where IndexedDB does not work. It
 * is memory alone outside of a browser.
 */
export async function pageStore(key: string): Promise<TicketStore> {
  const preferred = indexedDBStore(key);
  try {
    await preferred.read();
    return preferred;
  } catch {
    preferred.close();
    return inMemory(globalThis.window && openChannel(key));
  }
}
