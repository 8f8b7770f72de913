import "fake-indexeddb/auto";

import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { channelStore, indexedDBStore, memoryStore, pageStore, type TicketStore } from "../src/index.js";
import { errandsOf, ticketOf } from "./records.js";
import { browser, demo, living } from "./tabs.js";

const stores: TicketStore[] = [];
const keep = (store: TicketStore) => (stores.push(store), store);

beforeEach(() => void vi.stubGlobal("indexedDB", new IDBFactory()));
afterEach(() => {
  stores.splice(0).forEach((store) => store.close());
  vi.unstubAllGlobals();
});

let unique = 0;
const key = () => `shopper ${unique++}`;
const rest = (duration = 20) => new Promise((resolve) => setTimeout(resolve, duration));

describe.each([
  ["IndexedDB", indexedDBStore],
  ["a BroadcastChannel", channelStore],
])("two tabs with %s", (_, factory) => {
  it("share what is stored", async () => {
    const name = key();
    const [one, other] = [keep(factory(name)), keep(factory(name))];
    await one.update((stored) => ({ ...stored, ticket: ticketOf("first") }));
    await rest();
    expect(await other.read()).toMatchObject({ version: 1, ticket: { refreshToken: "first" } });
    expect(await keep(factory(name)).read()).toEqual({ ...(await one.read()), errands: [] });
  });

  it("tell each other of changes, and of nothing else", async () => {
    const name = key();
    const [one, other] = [keep(factory(name)), keep(factory(name))];
    await Promise.all([one.read(), other.read()]);
    await rest();
    const heard = vi.fn();
    other.watch(heard);
    await one.update((stored) => stored);
    await rest();
    expect(heard).not.toHaveBeenCalled();
    await one.update((stored) => ({ ...stored, ticket: ticketOf("first") }));
    await vi.waitFor(() => expect(heard).toHaveBeenCalled());
  });

  it("arrive at the same ticket when both write at once", async () => {
    const name = key();
    const [one, other] = [keep(factory(name)), keep(factory(name))];
    await Promise.all([one.read(), other.read()]);
    await Promise.all([
      one.update((stored) => (stored.ticket ? stored : { ...stored, ticket: ticketOf("one") })),
      other.update((stored) => (stored.ticket ? stored : { ...stored, ticket: ticketOf("other") })),
    ]);
    await rest();
    expect((await one.read()).ticket).toEqual((await other.read()).ticket);
  });

  it("separate records with different keys", async () => {
    const [one, other] = [keep(factory(key())), keep(factory(key()))];
    await one.update((stored) => ({ ...stored, ticket: ticketOf("first") }));
    await rest();
    expect(await other.read()).toEqual({ version: 0, turn: 0, errands: [] });
  });
});

describe("IndexedDB", () => {
  it("lets no tab write between the read and the write of another", async () => {
    const name = key();
    const tabs = Array.from({ length: 5 }, () => keep(indexedDBStore(name)));
    await Promise.all(
      tabs.flatMap((tab) =>
        Array.from({ length: 20 }, () => tab.update((stored) => ({ ...stored, turn: stored.turn + 1 }))),
      ),
    );
    expect((await tabs[0]!.read()).turn).toBe(100);
  });

  it("opens the database again after the browser has closed it", async () => {
    const databases: IDBDatabase[] = [];
    const open = indexedDB.open.bind(indexedDB);
    vi.spyOn(indexedDB, "open").mockImplementation((...args) => {
      const request = open(...args);
      request.addEventListener("success", () => databases.push(request.result));
      return request;
    });
    const store = keep(indexedDBStore(key()));
    await store.update((stored) => ({ ...stored, ticket: ticketOf("first") }));
    databases[0]!.close();
    expect((await store.read()).version).toBe(1);
    databases[1]!.close();
    expect((await store.update((stored) => ({ ...stored, turn: 1 }))).turn).toBe(1);
  });

  it("carries shoppers through sign-in, reload and sign-out", async () => {
    const { server, open } = browser();
    const first = open({ storage: pageStore });
    const { userId } = await first.signIn(demo);
    first.dispose();

    const reloaded = open({ storage: pageStore });
    expect((await reloaded.bearer()).userId).toBe(userId);
    await reloaded.signOut();
    expect(living(server)).toEqual([]);
  });
});

describe("a BroadcastChannel", () => {
  it("keeps the later turn when tabs write at once", async () => {
    const name = key();
    const [one, other] = [keep(channelStore(name)), keep(channelStore(name))];
    await Promise.all([one.read(), other.read()]);
    const sign = (stored: Awaited<ReturnType<TicketStore["read"]>>) => ({
      ...stored,
      turn: stored.turn + 1,
      ticket: ticketOf("in"),
    });
    await Promise.all([one.update(sign), other.update((stored) => ({ ...stored, ticket: ticketOf("refreshed") }))]);
    await rest();
    for (const tab of [one, other]) expect((await tab.read()).ticket?.refreshToken).toBe("in");
  });

  it("keeps the older of two guests", async () => {
    const name = key();
    const [one, other] = [keep(channelStore(name)), keep(channelStore(name))];
    await Promise.all([one.read(), other.read()]);
    await Promise.all([
      one.update((stored) => ({ ...stored, ticket: ticketOf("b", { receivedAt: 1000 }) })),
      other.update((stored) => ({ ...stored, ticket: ticketOf("a", { receivedAt: 2000 }) })),
    ]);
    await rest();
    for (const tab of [one, other]) expect((await tab.read()).ticket?.refreshToken).toBe("b");
  });

  it("leaves each tab its errands", async () => {
    const name = key();
    const [one, other] = [keep(channelStore(name)), keep(channelStore(name))];
    await one.update((stored) => ({ ...stored, turn: 1, errands: errandsOf("one") }));
    await other.update((stored) => ({ ...stored, turn: 2, ticket: ticketOf("first"), errands: errandsOf("other") }));
    await rest();
    expect((await one.read()).errands).toEqual(errandsOf("one"));
    expect((await one.read()).turn).toBe(2);
  });
});

describe("the store of a page", () => {
  it("is IndexedDB", async () => {
    const name = key();
    await keep(await pageStore(name)).update((stored) => ({ ...stored, turn: 7 }));
    expect((await keep(indexedDBStore(name)).read()).turn).toBe(7);
  });

  it.each([
    ["is not there", undefined],
    [
      "refuses",
      {
        open: () => {
          throw new DOMException("No", "SecurityError");
        },
      },
    ],
    ["never answers", { open: () => ({}) }],
  ])("is a BroadcastChannel where IndexedDB %s", async (_, indexedDB) => {
    vi.stubGlobal("indexedDB", indexedDB);
    vi.stubGlobal("window", new EventTarget());
    const name = key();
    const [one, other] = (await Promise.all([pageStore(name), pageStore(name)])).map(keep);
    await one!.update((stored) => ({ ...stored, turn: 7 }));
    await vi.waitFor(async () => expect((await other!.read()).turn).toBe(7));
  });

  it("is memory without IndexedDB and BroadcastChannel, and outside of a browser", async () => {
    vi.stubGlobal("indexedDB", undefined);
    const outside = keep(await pageStore(key()));
    vi.stubGlobal("window", new EventTarget());
    vi.stubGlobal("BroadcastChannel", undefined);
    for (const store of [outside, keep(await pageStore(key())), keep(memoryStore())]) {
      await store.update((stored) => ({ ...stored, turn: 7 }));
      expect((await store.read()).turn).toBe(7);
    }
  });
});
