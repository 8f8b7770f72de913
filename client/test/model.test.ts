import { afterEach, beforeEach, expect, it, vi } from "vitest";

import {
  type Claim,
  createShopper,
  memoryStore,
  type Shopper,
  type ShopperError,
  type TicketStore,
} from "../src/index.js";
import { createFakeServer, type Fault } from "../src/testing.js";
import { demo, endpoint, eve, living, until } from "./tabs.js";

// Several tabs do what shoppers do, in a random order, while requests fail. The model knows who the
// shopper must be. SEED=… repeats a run, and RUNS=… makes more of them.

const RUNS = Number(process.env["RUNS"] ?? 60);
const STEPS = 40;
const first = Number(process.env["SEED"] ?? Math.floor(Math.random() * 1e9));
const seeds = process.env["SEED"] ? [first] : Array.from({ length: RUNS }, (_, i) => first + i);

const CUSTOMERS = [demo, eve];

/** Mulberry32: numbers from 0 to 1 that follow from the seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

class World {
  readonly random: () => number;
  readonly server = createFakeServer({ customers: CUSTOMERS, accessLifetime: 60, reuseWindow: 3 });
  readonly store: TicketStore;
  readonly tabs: Shopper[] = [];
  readonly log: string[] = [];
  /** The session that the model expects; undefined for an anonymous shopper. */
  expected: string | undefined;
  /** Sessions whose sign-in was never answered. */
  readonly lost = new Set<string>();
  accepted: Claim[] = [];

  constructor(seed: number) {
    this.random = randomFrom(seed);
    this.store = this.slow(memoryStore());
    const count = 2 + this.upTo(4);
    for (let i = 0; i < count; i++) this.tabs.push(this.open());
  }

  upTo = (limit: number) => Math.floor(this.random() * limit);
  one = <Item>(items: readonly Item[]) => items[this.upTo(items.length)] as Item;
  tab = () => this.one(this.tabs);

  /** Makes a store slow. It notifies other tabs late or never. */
  slow(inner: TicketStore): TicketStore {
    const listeners: (() => void)[] = [];
    const pause = () => new Promise((resolve) => setTimeout(resolve, this.upTo(5)));
    return {
      read: () => pause().then(inner.read),
      update: async (change) => {
        await pause();
        const before = await inner.read();
        const after = await inner.update(change);
        if (after !== before)
          for (const listener of listeners) if (this.random() < 0.7) setTimeout(listener, this.upTo(50));
        await pause();
        return after;
      },
      watch: (listener) => void listeners.push(listener),
      close() {},
    };
  }

  open(): Shopper {
    const tab = createShopper({
      endpoint,
      storage: () => this.store,
      fetch: this.server.fetch,
      onClaim: async (claim) => {
        const { accepted } = this;
        await new Promise((resolve) => setTimeout(resolve, this.upTo(2000)));
        if (this.random() < 0.3) throw new Error("The cart service is down.");
        // A page that was reloaded meanwhile does not know that it was accepted.
        if (this.tabs.includes(tab)) accepted.push(claim);
      },
    });
    return tab;
  }

  fail(): void {
    const fault = this.one<Fault>([
      "drop",
      "offline",
      "busy",
      "html",
      "hang",
      { delay: this.upTo(12_000) },
      { shift: 100_000 },
    ]);
    const times = 1 + this.upTo(3);
    const on = this.one([
      "refreshTicket",
      "anonymousShopperTicket",
      "currentShopper",
      "createUserTicket",
      "revokeTicket",
    ]);
    this.log.push(`${JSON.stringify(fault)} × ${times} on ${on}`);
    this.server.fail(fault, { on, times });
  }

  jump(): void {
    const distance = Math.round((this.random() - 0.5) * 4 * 3600_000);
    this.log.push(`clock ${distance}`);
    vi.setSystemTime(Date.now() + distance);
    this.server.clockOffset -= distance;
    // A tab's time for a claim may be over now, so that another tab takes it.
    this.accepted = [];
  }

  async signIn(tab: Shopper, customer: typeof demo): Promise<string | undefined> {
    const before = new Set(this.server.sessions);
    const failure = await tab.signIn(customer).then(
      () => undefined,
      (error: ShopperError) => error.reason,
    );
    this.log.push(`signed in as ${customer.username}: ${failure ?? "OK"}`);
    for (const { id, username } of this.server.sessions.filter((session) => !before.has(session))) {
      if (username !== customer.username) continue;
      if (!failure) this.expected = id;
      else if (failure === "UNREACHABLE") this.lost.add(id);
    }
    // The server has replaced the session of the device, although the answer was lost.
    const present = this.server.sessions.find(({ id }) => id === this.expected);
    if (present?.endReason === "SESSION_REPLACED") this.expected = undefined;
    return failure;
  }

  async signInTwice(): Promise<void> {
    const [one, other] = [this.tab(), this.tab()];
    await Promise.all([this.signIn(one, demo), this.signIn(other, eve)]);
    // The store says which of the two has won. That it is one of them is checked below.
    await this.rest(15);
    const { ticket } = await until(this.store.read());
    const winner = living(this.server).find(({ id }) => id === ticket?.sessionId);
    if (winner) this.expected = winner.id;
  }

  rest = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

  async step(): Promise<void> {
    // Queries of all tabs are under way meanwhile.
    for (const tab of this.tabs) if (this.random() < 0.7) void this.ask(tab).catch(() => {});
    if (this.random() < 0.4) this.fail();

    const action = this.upTo(12);
    if (action < 2) {
      await until(this.signIn(this.tab(), this.one(CUSTOMERS)));
    } else if (action === 2) {
      await until(this.signInTwice());
    } else if (action === 3) {
      await until(this.tab().signOut({ everywhere: this.random() < 0.3 }));
      this.log.push("signed out");
      this.expected = undefined;
    } else if (action === 4) {
      const index = this.upTo(this.tabs.length);
      this.log.push("reload");
      this.tabs[index]!.dispose();
      this.tabs[index] = this.open();
    } else if (action === 5 && this.expected) {
      this.log.push("ended by operator");
      this.server.end(this.expected, "ENDED_BY_OPERATOR");
      this.expected = undefined;
      await this.rest(61); // until no access token is valid
      await until(this.ask(this.tab()).catch(() => {}));
    } else if (action === 6) {
      this.jump();
    } else if (action === 7) {
      this.log.push("offline");
      this.server.isOffline = true;
      await this.rest(this.upTo(120));
      this.server.isOffline = false;
    } else {
      await this.rest(this.random() < 0.3 ? 60 + this.upTo(600) : this.upTo(30));
    }
  }

  async ask(tab: Shopper): Promise<string> {
    const body = '{"query":"{ currentShopper { sessionId } }"}';
    const response = await tab.fetch(endpoint, { method: "POST", body, signal: AbortSignal.timeout(20_000) });
    const { data } = await response.json();
    return data.currentShopper.sessionId;
  }

  /** Nothing fails any more, so everything must become as the model expects. */
  async settle(): Promise<void> {
    this.server.recover();
    for (let i = 0; i < 5; i++) {
      for (const tab of this.tabs) await until(this.ask(tab).catch(() => {}));
      await this.rest(75);
    }
    const sessions: string[] = [];
    for (const tab of this.tabs) sessions.push(await until(this.ask(tab)));
    expect(new Set(sessions).size, "all tabs have one shopper").toBe(1);

    const session = this.server.sessions.find(({ id }) => id === sessions[0])!;
    expect(session.isAnonymous ? undefined : session.id, "it is the shopper of the model").toBe(this.expected);
    for (const tab of this.tabs) {
      expect(tab.getState()).toMatchObject({
        status: session.isAnonymous ? "anonymous" : "customer",
        userId: session.userId,
      });
    }

    const reasons = this.server.sessions.map(({ endReason }) => endReason);
    expect(reasons, "nobody counts as a thief").not.toContain("TOKEN_REUSED");
    const left = living(this.server).filter(({ id }) => id !== this.expected && !this.lost.has(id));
    expect(left, "no session is left behind").toEqual([]);

    const proofs = this.accepted.map(({ proof }) => proof);
    expect(new Set(proofs).size, "each claim is accepted once").toBe(proofs.length);
    const pending = (await until(this.store.read())).errands.filter(
      ({ message }) => "userId" in message && message.userId === session.userId,
    );
    expect(pending, "no claim of the customer waits").toEqual([]);
  }
}

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 30) });
  vi.spyOn(AbortSignal, "timeout").mockImplementation((delay) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), delay);
    return controller.signal;
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it.each(seeds)(
  "tabs agree with the model (SEED=%i)",
  async (seed) => {
    const world = new World(seed);
    try {
      for (let i = 0; i < STEPS; i++) await world.step();
      await world.settle();
    } catch (error) {
      console.error(`SEED=${seed}\n${world.log.join("\n")}`);
      throw error;
    } finally {
      world.tabs.forEach((tab) => tab.dispose());
    }
  },
  60_000,
);
