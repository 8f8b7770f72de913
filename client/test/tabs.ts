import { afterEach, vi } from "vitest";

import { createShopper, memoryStore, type Shopper, type ShopperOptions, type TicketStore } from "../src/index.js";
import { createFakeServer, type FakeServer, type FakeServerOptions } from "../src/testing.js";

export const endpoint = "https://tickets.example/graphql";
export const demo = { username: "demo", password: "correct horse battery staple" };
export const eve = { username: "eve", password: "another horse" };

/** A store that tabs share. It notifies its watchers of each change, unless it is deaf. */
export function sharedStore({ isDeaf = false } = {}): TicketStore {
  const inner = memoryStore();
  const listeners = new Set<() => void>();
  return {
    read: inner.read,
    async update(change) {
      const before = await inner.read();
      const after = await inner.update(change);
      if (after !== before && !isDeaf) for (const listener of listeners) setTimeout(listener);
      return after;
    },
    watch: (listener) => listeners.add(listener),
    close() {},
  };
}

/** A browser: a server, a store, and as many tabs as a test opens. They share the store. */
export function browser(options: FakeServerOptions = {}) {
  const server = createFakeServer({ customers: [demo, eve], ...options });
  const store = sharedStore();
  const open = (more: Partial<ShopperOptions> = {}) =>
    tab({ endpoint, storage: () => store, fetch: server.fetch, ...more });
  return { server, store, open };
}

const opened: Shopper[] = [];

function tab(options: ShopperOptions): Shopper {
  const shopper = createShopper(options);
  opened.push(shopper);
  return shopper;
}

afterEach(() => opened.splice(0).forEach((shopper) => shopper.dispose()));

/** How often a root field was asked for. */
export const count = ({ requests }: FakeServer, field: string) => requests.filter((name) => name === field).length;

/** The sessions of customers that have not ended. */
export const living = ({ sessions }: FakeServer) =>
  sessions.filter(({ endReason, isAnonymous }) => !endReason && !isAnonymous);

/** Runs fake timers until the work is done. */
export async function until<Result>(work: Promise<Result>): Promise<Result> {
  let isDone = false;
  const done = work.finally(() => (isDone = true));
  done.catch(() => {});
  for (let i = 0; i < 2000 && !isDone; i++) await vi.advanceTimersByTimeAsync(50);
  return done;
}
