import { nothing, type Stored } from "./record.js";

export type Change = (stored: Stored) => Stored;

/** Where a shopper's record is kept. */
export interface TicketStore {
  /** Returns what is stored now. */
  read(): Promise<Stored>;
  /**
   * Changes what is stored, and returns the result. Between the read and the write no other tab may
   * write: this compare-and-set settles races. `change` returns its argument to change nothing.
   */
  update(change: Change): Promise<Stored>;
  /** Calls the listener when another tab may have changed it, until `close`. */
  watch(listener: () => void): void;
  close(): void;
}

/** Makes the store of a shopper. The key names the endpoint and the application. */
export type StoreFactory = (key: string) => TicketStore | Promise<TicketStore>;

/** Applies a change, and counts it. Stores call it in `update`. */
export function advance(stored: Stored, change: Change): Stored {
  const next = change(stored);
  const hasTurned = next.ticket !== stored.ticket || next.end !== stored.end;
  return hasTurned ? { ...next, version: stored.version + 1 } : next;
}

export function openChannel(key: string): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel(key);
  } catch {
    return undefined; // this browser has none, or this page may not use it
  }
}

/** Keeps the record in IndexedDB. All tabs share it, and it survives a reload. */
export function indexedDBStore(key: string): TicketStore {
  let channel = openChannel(key);
  let database: Promise<IDBDatabase> | undefined;

  async function transact(mode: IDBTransactionMode, change: Change): Promise<Stored> {
    const opened = await (database ??= openDatabase());
    return new Promise((resolve, reject) => {
      let before: Stored;
      let after: Stored;
      const transaction = opened.transaction("shoppers", mode);
      const shoppers = transaction.objectStore("shoppers");
      const reading = shoppers.get(key);
      reading.onsuccess = () => {
        before = reading.result ?? nothing;
        after = advance(before, change);
        if (after !== before) shoppers.put(after, key);
      };
      transaction.oncomplete = () => {
        if (after !== before) channel?.postMessage(0);
        resolve(after);
      };
      transaction.onabort = () => reject(transaction.error);
    });
  }

  const transactAgain = (mode: IDBTransactionMode, change: Change) =>
    transact(mode, change).catch(() => {
      // The browser may have closed the database, for example because its data was deleted.
      database = undefined;
      return transact(mode, change);
    });

  return {
    read: () => transactAgain("readonly", (stored) => stored),
    update: (change) => transactAgain("readwrite", change),
    watch: (listener) => channel?.addEventListener("message", listener),
    close() {
      channel?.close();
      channel = undefined; // a transaction may still be under way
    },
  };
}

const LONGEST_OPENING = 2_000;

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    setTimeout(reject, LONGEST_OPENING, new Error("IndexedDB"));
    const request = indexedDB.open("authtickets", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("shoppers");
    request.onerror = () => reject(request.error);
    request.onsuccess = () => resolve(request.result);
  });
}

/**
 * Returns the store of a page: IndexedDB, or memory with a BroadcastChannel if IndexedDB does not
 * work. Outside of a browser it is memory alone.
 */
export async function pageStore(key: string): Promise<TicketStore> {
  const preferred = indexedDBStore(key);
  try {
    await preferred.read();
    return preferred;
  } catch {
    preferred.close();
    const { inMemory } = await import("./memory.js"); // few need it
    return inMemory(nothing, advance, globalThis.window && openChannel(key));
  }
}
