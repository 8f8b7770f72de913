import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { type Claim, ShopperError } from "../src/index.js";
import { browser, count, demo, endpoint, eve, living, sharedStore, until } from "./tabs.js";

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 10, 30) }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

const reasonOf = (work: Promise<unknown>) =>
  until(work).then(
    () => "OK",
    (error: ShopperError) => error.reason,
  );

describe("1: correctness never depends on a lock", () => {
  it("has one refresh in flight, however many callers wait", async () => {
    const { server, open } = browser();
    const shopper = open();
    const first = await until(shopper.accessToken());
    await pass(1000); // longer than the token lives

    const tokens = await until(Promise.all(Array.from({ length: 50 }, () => shopper.accessToken())));

    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).not.toBe(first);
    expect(count(server, "refreshTicket")).toBe(1);
  });

  it("continues without a lock that hangs", async () => {
    vi.stubGlobal("navigator", { locks: { request: () => new Promise(() => {}) } });
    const { open } = browser();
    const asked = Date.now();
    await until(open().accessToken());
    expect(Date.now() - asked).toBeLessThanOrEqual(300);
  });

  it("holds no lock after its work, even if it is granted late", async () => {
    const granted: (() => Promise<void>)[] = [];
    const request = (_: string, callback: () => Promise<void>) => new Promise(() => granted.push(callback));
    vi.stubGlobal("navigator", { locks: { request } });
    await until(browser().open().accessToken());
    const held = granted[0]!();
    await expect(until(held)).resolves.toBeUndefined();
  });

  it("saves the request of the second tab with a lock", async () => {
    let last: Promise<unknown> = Promise.resolve();
    const request = (_: string, callback: () => Promise<void>) => (last = last.then(callback));
    vi.stubGlobal("navigator", { locks: { request } });
    const { server, open } = browser();
    const [one, other] = [open(), open()];
    await until(one.accessToken());
    await pass(1000);
    await until(Promise.all([one.accessToken(), other.accessToken()]));
    expect(count(server, "refreshTicket")).toBe(1);
  });
});

describe("2: the store is read before each use, and written only over the token that was sent", () => {
  it("uses the token that another tab has stored", async () => {
    const { server, open } = browser();
    const [one, other] = [open(), open()];
    await until(one.accessToken());
    await until(other.accessToken());
    await pass(1000);
    const token = await until(one.accessToken());
    expect(await until(other.accessToken())).toBe(token);
    expect(count(server, "refreshTicket")).toBe(1);
  });

  it("drops a late answer after a sign-out", async () => {
    const { server, open } = browser();
    const [one, other] = [open(), open()];
    await until(one.signIn(demo));
    await pass(1000);
    server.fail({ delay: 3000 }, { on: "refreshTicket" });
    const late = one.accessToken();
    await pass(1);
    await until(other.signOut());
    await until(late);
    await until(other.accessToken());
    expect(one.getState()).toMatchObject({ status: "anonymous", reason: "SIGNED_OUT", wasCustomer: true });
  });
});

describe("3: the attempt is drawn when a ticket is stored", () => {
  it("is the same from every tab, so that a lost answer signs nobody out, however late", async () => {
    const { server, open } = browser();
    const first = open();
    const { userId } = await until(first.signIn(demo));
    await pass(1000);
    server.fail("drop", { on: "refreshTicket", times: 2 });
    expect(await reasonOf(first.accessToken())).toBe("UNREACHABLE");
    first.dispose();
    await pass(3600); // far beyond the reuse window

    const reopened = open();
    await until(reopened.accessToken());
    expect(reopened.getState()).toMatchObject({ status: "customer", userId });
  });

  it("gets a ticket that is as old as its first answer, and refreshes it at once", async () => {
    const { server, open } = browser();
    const first = open();
    await until(first.accessToken());
    await pass(1000);
    server.fail("drop", { on: "refreshTicket", times: 2 });
    await reasonOf(first.accessToken());
    await pass(3600);
    await until(open().accessToken());
    // These are two lost answers, the repeated one, and its successor.
    expect(count(server, "refreshTicket")).toBe(4);
  });
});

describe("4: sign-in, sign-out and claims reach every tab", () => {
  it("notifies the other tabs", async () => {
    const { open } = browser();
    const [one, other] = [open(), open()];
    const states: string[] = [];
    other.subscribe(() => states.push(other.getState().status));
    await until(one.signIn(demo));
    await pass(1);
    await until(one.signOut());
    await pass(1);
    expect(states.slice(-2)).toEqual(["customer", "ended"]);
    expect(other.getState()).toEqual({ status: "ended", reason: "SIGNED_OUT", wasCustomer: true });
  });

  it("catches up when a tab wakes that was not notified", async () => {
    const window = new EventTarget();
    vi.stubGlobal("addEventListener", window.addEventListener.bind(window));
    const { open } = browser();
    const store = sharedStore({ isDeaf: true });
    const [one, other] = [open({ storage: () => store }), open({ storage: () => store })];
    other.subscribe(() => {});
    await pass(1);
    await until(one.signIn(demo));
    await pass(10);
    expect(other.getState().status).toBe("anonymous");
    for (const [type, status] of [
      ["pageshow", "customer"],
      ["visibilitychange", "ended"],
    ] as const) {
      window.dispatchEvent(new Event(type));
      await pass(1);
      expect(other.getState().status).toBe(status);
      await until(one.signOut());
    }
  });

  it("catches up at its next use", async () => {
    const { open } = browser();
    const store = sharedStore({ isDeaf: true });
    const [one, other] = [open({ storage: () => store }), open({ storage: () => store })];
    await until(other.accessToken());
    const { userId } = await until(one.signIn(demo));
    expect((await until(other.bearer())).userId).toBe(userId);
  });
});

describe("5: being refused is different from being offline", () => {
  it.each(["offline", "drop", "html", "busy"] as const)("keeps the ticket after %s", async (fault) => {
    const { server, open } = browser();
    const shopper = open();
    const { userId } = await until(shopper.signIn(demo));
    await pass(1000);
    server.fail(fault, { on: "refreshTicket", times: 2 });
    expect(await reasonOf(shopper.accessToken())).toBe(fault === "busy" ? "BUSY" : "UNREACHABLE");
    expect(shopper.getState()).toMatchObject({ status: "customer", userId });
    await pass(10);
    await until(shopper.accessToken());
    expect(shopper.getState()).toMatchObject({ status: "customer", userId });
  });

  it("continues with an access token that is still valid", async () => {
    const { server, open } = browser();
    const shopper = open();
    const token = await until(shopper.accessToken());
    await pass(700); // a refresh is due after 675 s
    server.isOffline = true;
    for (let i = 0; i < 10; i++) {
      expect(await shopper.accessToken()).toBe(token);
      await pass(15);
    }
  });

  it("ends the ticket after SIGN_IN, says why, and begins an anonymous shopper at the next use", async () => {
    const { server, open } = browser();
    const shopper = open();
    const states: unknown[] = [];
    shopper.subscribe(() => states.push(shopper.getState()));
    await until(shopper.signIn(demo));
    await pass(1000);
    server.end(living(server)[0]!.id, "SESSION_ENDED");
    await until(shopper.accessToken());
    expect(states.slice(-2)).toMatchObject([
      { status: "ended", reason: "SESSION_ENDED", wasCustomer: true },
      { status: "anonymous", reason: "SESSION_ENDED", wasCustomer: true },
    ]);
  });

  it("does not end the ticket of another tab after SIGN_IN for an older one", async () => {
    const { server, open } = browser();
    const [one, other] = [open(), open()];
    await until(one.accessToken());
    await pass(1000);
    const [anonymous] = server.sessions;
    server.fail({ delay: 500 }, { on: "refreshTicket" });
    server.end(anonymous!.id, "ENDED_BY_OPERATOR");
    const refused = one.accessToken();
    await pass(0.1);
    const { userId } = await until(other.signIn(demo));
    await until(refused);
    expect(one.getState()).toMatchObject({ status: "customer", userId });
  });
});

describe("6: both clocks count, and the server has the last word", () => {
  it("refreshes after a sleep, in which performance.now() stands still", async () => {
    const { server, open } = browser();
    const shopper = open();
    await until(shopper.accessToken());
    vi.setSystemTime(Date.now() + 3600_000);
    await until(shopper.accessToken());
    expect(count(server, "refreshTicket")).toBe(1);
  });

  it("refreshes by performance.now() when Date.now() stands still", async () => {
    const { server, open } = browser();
    const shopper = open();
    await until(shopper.accessToken());
    const now = Date.now();
    await pass(1000);
    vi.spyOn(Date, "now").mockReturnValue(now);
    server.clockOffset = 1000_000; // the server's clock continues
    await until(shopper.accessToken());
    expect(count(server, "refreshTicket")).toBe(1);
  });

  it.each([2, -2])("works with a clock that is %i h fast", async (hours) => {
    const { server, open } = browser();
    server.clockOffset = -hours * 3600_000;
    const shopper = open();
    for (let i = 0; i < 20; i++) {
      await until(shopper.accessToken());
      await pass(100);
    }
    expect(count(server, "refreshTicket")).toBe(2);
    expect(count(server, "anonymousShopperTicket")).toBe(1);
  });

  it("refreshes once after a jump of the clock, and keeps the shopper", async () => {
    const { server, open } = browser();
    const shopper = open();
    const { userId } = await until(shopper.signIn(demo));
    for (const hours of [2, -4, 1, -1]) {
      vi.setSystemTime(Date.now() + hours * 3600_000);
      server.clockOffset -= hours * 3600_000;
      await until(shopper.accessToken());
      await until(shopper.accessToken());
    }
    expect(count(server, "refreshTicket")).toBeLessThanOrEqual(8);
    expect(shopper.getState()).toMatchObject({ status: "customer", userId });
  });

  it("gets another token when the server refuses one that seemed valid", async () => {
    const { server, open } = browser();
    const shopper = open();
    await until(shopper.accessToken());
    server.clockOffset = 1000_000;
    const response = await until(
      shopper.fetch(endpoint, { method: "POST", body: '{"query":"{currentShopper{userId}}"}' }),
    );
    expect(await response.json()).toMatchObject({ data: { currentShopper: { isAnonymous: true } } });
  });

  it("sets no long timers", async () => {
    const timers = vi.spyOn(globalThis, "setTimeout");
    const shopper = browser().open();
    await until(shopper.accessToken());
    for (const [, delay] of timers.mock.calls) expect(delay ?? 0).toBeLessThanOrEqual(60_000);
    await vi.advanceTimersByTimeAsync(500); // the new ticket has settled
    expect(vi.getTimerCount()).toBe(0);
  });

  it("does not use up a new ticket at once, because another tab may still be sending the previous one", async () => {
    const { server, open } = browser();
    const shopper = open();
    await until(shopper.accessToken());
    await pass(1);
    for (const refreshes of [1, 2, 3]) {
      vi.setSystemTime(Date.now() + 2 * 3600_000);
      const token = shopper.accessToken();
      await vi.advanceTimersByTimeAsync(50);
      expect(count(server, "refreshTicket")).toBe(refreshes === 1 ? 1 : refreshes - 1);
      await until(token);
      expect(count(server, "refreshTicket")).toBe(refreshes);
    }
  });
});

describe("7: waiting callers share one failure", () => {
  it("gives all of them the same failure", async () => {
    const { server, open } = browser();
    const shopper = open();
    server.fail("busy", { times: 2 });
    const failures = await until(Promise.allSettled([shopper.accessToken(), shopper.accessToken()]));
    const [one, other] = failures as PromiseRejectedResult[];
    expect(one!.reason).toMatchObject({ reason: "BUSY", retryAfterSeconds: 1 });
    expect(other!.reason).toBe(one!.reason);
    expect(server.requests).toHaveLength(2);
  });

  it("asks nobody again until retryAfterSeconds is over, and succeeds then", async () => {
    const { server, open } = browser();
    const shopper = open();
    server.fail("busy");
    const waiting = Promise.all([shopper.accessToken(), shopper.accessToken()]);
    await pass(0.95);
    expect(server.requests).toHaveLength(1);
    await until(waiting);
    expect(server.requests).toHaveLength(2);
  });

  it("fails after 5 s if retryAfterSeconds is long", async () => {
    const { server, open } = browser();
    const shopper = open({
      fetch: async (input, init) => {
        const body = await (await server.fetch(input, init)).text();
        return new Response(body.replace('"retryAfterSeconds":1', '"retryAfterSeconds":60'));
      },
    });
    server.fail("busy");
    const asked = Date.now();
    expect(await reasonOf(shopper.accessToken())).toBe("BUSY");
    expect(Date.now() - asked).toBeLessThan(5500);
    expect(await reasonOf(shopper.accessToken())).toBe("BUSY");
    expect(server.requests).toHaveLength(1);
    await pass(60);
    await until(shopper.accessToken());
  });

  it("asks seldom during an outage, and succeeds soon after it", async () => {
    const { server, open } = browser();
    const shopper = open();
    server.isOffline = true;
    for (let i = 0; i < 600; i++) {
      shopper.accessToken().catch(() => {});
      await pass(0.1);
    }
    expect(server.requests.length).toBeLessThanOrEqual(25); // in a minute
    server.isOffline = false;
    const back = Date.now();
    await until(shopper.accessToken());
    expect(Date.now() - back).toBeLessThanOrEqual(3500);
  });

  it("ends the wait when another tab succeeds", async () => {
    const { server, open } = browser();
    const [one, other] = [open(), open()];
    await until(one.accessToken());
    await pass(1000);
    server.fail("offline", { on: "refreshTicket", times: 2 });
    expect(await reasonOf(one.accessToken())).toBe("UNREACHABLE");
    const waiting = one.accessToken();
    const token = await until(other.accessToken());
    await pass(0.2);
    expect(await waiting).toBe(token);
    expect(count(server, "refreshTicket")).toBe(3);
  });

  it("gives up a request after 8 s", async () => {
    const timeout = vi.spyOn(AbortSignal, "timeout").mockImplementation((delay) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), delay);
      return controller.signal;
    });
    const { server, open } = browser();
    server.fail("hang");
    const asked = Date.now();
    await until(open().accessToken());
    expect(timeout).toHaveBeenCalledWith(8000);
    expect(Date.now() - asked).toBeLessThan(9000);
  });
});

describe("8: an operation is repeated at most once", () => {
  const ask = { method: "POST", body: '{"query":"{currentShopper{userId}}"}' };

  it("hands over the second refusal", async () => {
    const { server, open } = browser();
    const shopper = open();
    server.fail({ shift: 1000_000 }, { on: "currentShopper", times: 2 });
    const response = await until(shopper.fetch(endpoint, ask));
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { reason: "TOKEN_EXPIRED" } }] });
    expect(count(server, "currentShopper")).toBe(2);
  });

  it("sends a wrong password once", async () => {
    const { server, open } = browser();
    expect(await reasonOf(open().signIn({ ...demo, password: "wrong" }))).toBe("INVALID_CREDENTIALS");
    expect(count(server, "createUserTicket")).toBe(1);
  });

  it("repeats a query for the new shopper, but a mutation only for the same one", async () => {
    const { server, open } = browser({ answer: ({ shopper }) => ({ orderOf: shopper?.userId }) });
    const shopper = open();
    await until(shopper.signIn(demo));
    server.end(living(server)[0]!.id, "SESSION_ENDED");
    const order = await until(shopper.fetch(endpoint, { method: "POST", body: '{"query":"mutation { order }"}' }));
    expect(await order.json()).toMatchObject({ errors: [{ extensions: { reason: "SESSION_ENDED" } }] });

    await until(shopper.signIn(demo));
    server.end(living(server).at(-1)!.id, "SESSION_ENDED");
    const body = '{"query":"mutation { order }","variables":{"query":"{ currentShopper { userId } }"}}';
    const orders = await until(shopper.fetch(endpoint, { method: "POST", body }));
    expect(await orders.json()).toMatchObject({ errors: [{ extensions: { reason: "SESSION_ENDED" } }] });

    await until(shopper.signIn(demo));
    server.end(living(server).at(-1)!.id, "SESSION_ENDED");
    const response = await until(shopper.fetch(endpoint, ask));
    expect(await response.json()).toMatchObject({ data: { currentShopper: { isAnonymous: true } } });
  });

  it("can be cancelled while it waits", async () => {
    const { server, open } = browser();
    server.fail({ delay: 5000 });
    const cancel = new AbortController();
    const waiting = open().fetch(endpoint, { ...ask, signal: cancel.signal });
    const failed = expect(waiting).rejects.toThrow("leaving");
    await pass(1);
    cancel.abort(new Error("leaving"));
    await failed;
    expect(count(server, "currentShopper")).toBe(0);
  });

  it("sends services the JWT, and repeats after 401", async () => {
    const tokens: (string | null)[] = [];
    const { server, open } = browser();
    const shopper = open({
      fetch: async (input, init) => {
        const request = new Request(input, init);
        if (request.url === endpoint) return server.fetch(request);
        tokens.push(request.headers.get("authorization"));
        return new Response(await request.text(), { status: tokens.length === 1 ? 401 : 200 });
      },
    });
    const response = await until(shopper.fetch("https://cart.example/items", { method: "POST", body: "one" }));
    expect(await response.text()).toBe("one");
    expect(tokens[1]).toBe(`Bearer ${await shopper.accessToken({ jwt: true })}`);
    expect(tokens[1]).toContain(".");
    expect(tokens[0]).not.toBe(tokens[1]);
  });
});

describe("9: a claim is reported until it is accepted, exactly once", () => {
  it("reports it once, to one of the tabs, with its proof", async () => {
    const { server, open } = browser();
    const claims: Claim[] = [];
    const options = { onClaim: (claim: Claim) => void claims.push(claim) };
    const [one, other] = [open(options), open(options)];
    await until(other.accessToken());
    const guest = server.sessions[0]!;
    const { userId, claimedAnonymousUserId } = await until(one.signIn(demo));
    await pass(100);
    expect(claimedAnonymousUserId).toBe(guest.userId);
    expect(claims).toEqual([{ anonymousUserId: guest.userId, userId, proof: expect.stringContaining(".") }]);
  });

  it("reports it again after a failure and after a reload", async () => {
    const { open } = browser();
    const claims: Claim[] = [];
    const first = open({
      onClaim(claim) {
        claims.push(claim);
        throw new Error("The cart service is down.");
      },
    });
    await until(first.accessToken());
    await until(first.signIn(demo));
    await pass(4);
    expect(claims.length).toBeGreaterThanOrEqual(2);
    first.dispose();

    const reloaded: Claim[] = [];
    open({ onClaim: (claim) => void reloaded.push(claim) }).subscribe(() => {});
    await pass(60);
    expect(reloaded).toEqual([claims[0]]);
  });

  it("waits for a slow report, and does not begin another one in the same page", async () => {
    const { open } = browser();
    const claims: Claim[] = [];
    const shopper = open({
      async onClaim(claim) {
        claims.push(claim);
        await new Promise((resolve) => setTimeout(resolve, 45_000));
      },
    });
    await until(shopper.accessToken());
    await until(shopper.signIn(demo));
    await pass(120);
    expect(claims).toHaveLength(1);
  });

  it("repeats a claim whose answer was lost, at the next sign-in", async () => {
    const { server, open } = browser();
    const claims: Claim[] = [];
    const shopper = open({ onClaim: (claim) => void claims.push(claim) });
    const { userId } = await until(shopper.bearer());
    server.fail("drop", { on: "createUserTicket" });
    expect(await reasonOf(shopper.signIn(demo))).toBe("UNREACHABLE");
    await pass(1000);
    await until(shopper.accessToken()); // a new guest
    await until(shopper.signIn(demo));
    await pass(1);
    expect(claims).toMatchObject([{ anonymousUserId: userId }]);
  });

  it("reports it only while its customer is the shopper", async () => {
    const { open } = browser();
    const silent = open();
    await until(silent.accessToken());
    const { userId } = await until(silent.signIn(demo));
    await until(silent.signOut());
    const claims: Claim[] = [];
    const shopper = open({ onClaim: (claim) => void claims.push(claim) });
    await until(shopper.accessToken());
    await pass(120);
    expect(claims).toHaveLength(0);
    await until(shopper.signIn(demo));
    await pass(1);
    expect(claims.map((claim) => claim.userId)).toEqual([userId, userId]);
  });
});

describe("10: two tabs sign in at once", () => {
  it.each([0, 100, 1000, 3000])("as different customers: one wins, the other is superseded (%i ms)", async (delay) => {
    const { server, open } = browser();
    const claims: Claim[] = [];
    const options = { onClaim: (claim: Claim) => void claims.push(claim) };
    const [one, other] = [open(options), open(options)];
    await until(one.accessToken());
    await until(other.accessToken());
    const guest = server.sessions[0]!;

    server.fail({ delay }, { on: "createUserTicket" });
    const results = await until(Promise.allSettled([one.signIn(demo), other.signIn(eve)]));
    await pass(20);

    const [session, ...others] = living(server);
    expect(others).toEqual([]);
    for (const shopper of [one, other]) {
      await until(shopper.accessToken());
      expect(shopper.getState()).toMatchObject({ status: "customer", userId: session!.userId });
    }
    expect(claims.at(-1)).toMatchObject({ anonymousUserId: guest.userId, userId: session!.userId });
    expect(session!.username).toBe("demo"); // who won the claim
    expect(results[0]!.status).toBe("fulfilled");
    if (delay < 2000) expect(results[1]).toMatchObject({ reason: { reason: "SUPERSEDED" } });
    else expect(other.getState()).toMatchObject({ reason: "SUPERSEDED" });
  });

  it("as the same customer: both are signed in, with one session", async () => {
    const { server, open } = browser();
    const [one, other] = [open(), open()];
    await until(one.accessToken());
    await until(Promise.all([one.signIn(demo), other.signIn(demo)]));
    await pass(5);
    expect(living(server)).toHaveLength(1);
  });

  it("lets a sign-out win that comes while a sign-in is under way", async () => {
    const { server, open } = browser();
    const [one, other] = [open(), open()];
    await until(one.accessToken());
    server.fail({ delay: 2000 }, { on: "createUserTicket" });
    const signingIn = reasonOf(one.signIn(demo));
    await pass(1);
    await until(other.signOut());
    expect(await signingIn).toBe("SUPERSEDED");
    await pass(2);
    expect(living(server)).toEqual([]);
  });

  it("lets a sign-out win even if nobody is signed in yet", async () => {
    const { server, open } = browser();
    const shopper = open();
    await until(shopper.signIn(eve));
    await until(shopper.signOut());
    server.fail({ delay: 2000 }, { on: "createUserTicket" });
    const signingIn = reasonOf(shopper.signIn(demo));
    await pass(1);
    await until(shopper.signOut());
    expect(await signingIn).toBe("SUPERSEDED");
    await pass(2);
    expect(living(server)).toEqual([]);
  });

  it("ends the session of a customer whom another one replaces", async () => {
    const { server, open } = browser();
    const shopper = open();
    await until(shopper.signIn(demo));
    await until(shopper.signIn(eve));
    await pass(1);
    expect(living(server).map(({ username }) => username)).toEqual(["eve"]);
  });
});

describe("signing out", () => {
  it("takes effect at once, and reaches the server later, even after a reload", async () => {
    const { server, open } = browser();
    const first = open();
    await until(first.signIn(demo));
    server.isOffline = true;
    await until(first.signOut());
    expect(first.getState()).toEqual({ status: "ended", reason: "SIGNED_OUT", wasCustomer: true });
    first.dispose();
    server.isOffline = false;
    expect(living(server)).toHaveLength(1);

    open().subscribe(() => {});
    await pass(15);
    expect(living(server)).toEqual([]);
  });

  it("is repeated when the server asks for it", async () => {
    const { server, open } = browser();
    const sentAt: number[] = [];
    const shopper = open({
      fetch: async (input, init) => {
        if (!String(init?.body).includes("SignOut")) return server.fetch(input, init);
        sentAt.push(Date.now());
        const body = await (await server.fetch(input, init)).text();
        return new Response(body.replace('"retryAfterSeconds":1', '"retryAfterSeconds":20'));
      },
    });
    await until(shopper.signIn(demo));
    server.fail("busy");
    await until(shopper.signOut());

    await pass(30);
    expect(living(server)).toEqual([]);
    expect(sentAt).toHaveLength(2);
    expect(sentAt[1]! - sentAt[0]!).toBeGreaterThanOrEqual(20_000);
  });

  it("ends all sessions with everywhere", async () => {
    const { server, open } = browser();
    const phone = open({ storage: () => sharedStore() });
    const laptop = open();
    await until(phone.signIn(demo));
    await until(laptop.signIn(demo));
    await until(laptop.signOut({ everywhere: true }));
    expect(living(server)).toEqual([]);
    await pass(1000);
    await until(phone.accessToken());
    expect(phone.getState()).toMatchObject({ status: "anonymous", reason: "SIGNED_OUT_EVERYWHERE" });
  });

  it("replaces the session of the device at the next sign-in", async () => {
    const { server, open } = browser();
    const shopper = open();
    await until(shopper.signIn(demo));
    await until(shopper.signIn(demo));
    const customers = server.sessions.filter(({ isAnonymous }) => !isAnonymous);
    expect(customers.map(({ endReason }) => endReason)).toEqual(["SESSION_REPLACED", undefined]);
  });
});

describe("the list of sessions", () => {
  it("shows the sessions and ends one", async () => {
    const { server, open } = browser();
    const phone = open({ storage: () => sharedStore() });
    const laptop = open();
    await until(phone.signIn(demo));
    await until(laptop.signIn(demo));
    const sessions = await until(laptop.sessions());
    expect(sessions.map(({ isCurrent }) => isCurrent)).toEqual([true, false]);
    await until(laptop.endSession(sessions[1]!.id));
    expect(living(server).map(({ id }) => id)).toEqual([sessions[0]!.id]);
  });

  it("signs out with the current session", async () => {
    const { open } = browser();
    const shopper = open();
    await until(shopper.signIn(demo));
    const [session] = await until(shopper.sessions());
    await until(shopper.endSession(session!.id));
    expect(shopper.getState()).toMatchObject({ status: "ended", reason: "SIGNED_OUT" });
  });
});

describe("12: tokens never appear", () => {
  it("in JSON, in the state, in errors and in URLs", async () => {
    const seen: string[] = [];
    const { server, open } = browser();
    const shopper = open({
      fetch: (input, init) => {
        seen.push(input instanceof Request ? input.url : String(input));
        return server.fetch(input, init);
      },
    });
    shopper.subscribe(() => seen.push(JSON.stringify(shopper.getState())));
    await until(shopper.accessToken());
    await until(shopper.signIn(demo));
    const refused = await until(shopper.signIn({ ...demo, password: "very secret" }).catch((error) => error));
    const token = await shopper.accessToken();
    await pass(1000);
    server.fail("drop", { times: 2 });
    const lost = await until(shopper.accessToken().catch((error) => error));
    for (const error of [refused, lost]) {
      expect(error).toBeInstanceOf(ShopperError);
      seen.push(error.message, error.stack, JSON.stringify(error), String(error), String(error.cause));
    }
    seen.push(JSON.stringify(shopper));
    const all = seen.join("\n");
    expect(all).not.toContain(token);
    for (const { tickets } of server.sessions as unknown as { tickets: Record<string, string | number>[] }[]) {
      for (const secret of tickets.flatMap((ticket) => Object.values(ticket))) {
        if (typeof secret === "string") expect(all).not.toContain(secret);
      }
    }
    expect(all).not.toContain("very secret");
    expect(all).not.toContain(demo.password);
    expect(all).not.toMatch(/[0-9]{33}/); // an attempt
  });
});

describe("a shopper", () => {
  it("does nothing before somebody asks", async () => {
    const storage = vi.fn();
    browser().open({ storage });
    await pass(1);
    expect(storage).not.toHaveBeenCalled();
  });

  it("begins when somebody subscribes, and keeps its state's identity", async () => {
    const { server, open } = browser();
    const shopper = open();
    const starting = shopper.getState();
    expect(starting).toEqual({ status: "starting" });
    shopper.subscribe(() => {});
    await pass(1);
    const state = shopper.getState();
    expect(state).toMatchObject({ status: "anonymous" });
    await pass(1000);
    await until(shopper.accessToken());
    expect(count(server, "refreshTicket")).toBe(1);
    expect(shopper.getState()).toBe(state);
  });

  it("continues after a listener that throws, and lets listeners call it", async () => {
    const failures: unknown[] = [];
    const catching = (error: unknown) => failures.push(error);
    process.on("uncaughtException", catching);
    const shopper = browser().open();
    const tokens: Promise<string>[] = [];
    shopper.subscribe(() => {
      throw new Error("A listener fails.");
    });
    shopper.subscribe(() => tokens.push(shopper.accessToken()));
    await pass(1);
    process.off("uncaughtException", catching);
    expect(tokens).toHaveLength(1);
    expect(failures).toMatchObject([{ message: "A listener fails." }]);
  });

  it("answers DISPOSED after dispose, and leaves no timer", async () => {
    const shopper = browser().open();
    await until(shopper.accessToken());
    shopper.dispose();
    expect(await reasonOf(shopper.accessToken())).toBe("DISPOSED");
    expect(() => shopper.subscribe(() => {})).toThrow("DISPOSED");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("names its application", async () => {
    const names: (string | null)[] = [];
    const { server, open } = browser();
    const shopper = open({
      application: "kiosk",
      fetch: (input, init) => {
        const request = new Request(input, init);
        names.push(request.headers.get("x-application"));
        return server.fetch(request);
      },
    });
    await until(shopper.fetch(endpoint, { method: "POST", body: '{"query":"{currentShopper{userId}}"}' }));
    expect(names).toEqual(["kiosk", "kiosk"]);
  });
});
