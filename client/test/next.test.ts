import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createShopper, documents, memoryStore, type Shopper } from "../src/index.js";
import { type Cookies, serverShopper, shopperHandler } from "../src/next.js";
import { createFakeServer } from "../src/testing.js";
import { count, demo, endpoint, eve, living, until } from "./tabs.js";

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 10, 30) }));
afterEach(() => {
  vi.useRealTimers();
  pages.splice(0).forEach((page) => page.dispose());
});

const pages: Shopper[] = [];
const later = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

/** A browser with one cookie, and a page whose shopper asks the route handler. */
function site() {
  const server = createFakeServer({ customers: [demo, eve] });
  const options = { endpoint, fetch: server.fetch };
  const handler = shopperHandler(options);
  const answers: Response[] = [];
  let cookie = "";

  const send = async (request: Request) => {
    const headers = new Headers(request.headers);
    headers.set("cookie", `theme=dark; ${cookie}`);
    headers.set("sec-fetch-site", "same-origin");
    const response = await handler(new Request(request, { headers }));
    answers.push(response.clone());
    cookie = response.headers.get("set-cookie")?.split(";")[0] ?? cookie;
    return response;
  };

  const page = (storage = memoryStore()) => {
    const shopper = createShopper({
      endpoint: "https://shop.example/api/shopper",
      storage: () => storage,
      fetch: (input, init) => send(new Request(input, init)),
    });
    pages.push(shopper);
    return shopper;
  };

  /**
   * The shopper in a server component, which cannot set cookies, or in a server action, which can.
   */
  const rendering = ({ canSet = false } = {}) => {
    const cookies: Cookies = {
      get: () => (cookie ? { value: cookie.slice("authtickets=".length) } : undefined),
      set(name, value) {
        if (!canSet) throw new Error("Cookies can only be modified in a Server Action or Route Handler.");
        cookie = `${name}=${value}`;
      },
    };
    const shopper = serverShopper({ ...options, cookies });
    pages.push(shopper);
    return shopper;
  };

  return { server, page, rendering, send, answers };
}

describe("11: server rendering", () => {
  it("shares the shopper between the page and the server", async () => {
    const { page, rendering } = site();
    const shopper = page();
    const { userId } = await shopper.signIn(demo);
    const { token } = await shopper.bearer();
    expect(await rendering().bearer()).toEqual({ token, userId });
  });

  it("keeps the refresh token and the attempt from the page", async () => {
    const { page, answers, server } = site();
    const store = memoryStore();
    await page(store).signIn(demo);
    const [issued] = (server.sessions.at(-1) as unknown as { tickets: { refreshToken: string; accessToken: string }[] })
      .tickets;
    const seen =
      (await Promise.all(answers.map((answer) => answer.text()))).join() + JSON.stringify(await store.read());
    expect(seen).toContain(issued!.accessToken);
    expect(seen).not.toContain(issued!.refreshToken);
  });

  it("signs out on the ticket server before it answers, even with the fetch of Next.js", async () => {
    vi.useRealTimers();
    const server = createFakeServer({ customers: [demo] });
    const handler = shopperHandler({
      endpoint,
      async fetch(input, init) {
        // Next.js copies a request like this. A body that is a stream cannot be kept alive.
        const { url, method, headers, body, keepalive, signal } = new Request(input, init);
        await new Promise((resolve) => setTimeout(resolve, 20));
        const copied = { method, headers, body, keepalive, signal, duplex: "half" } as RequestInit;
        return server.fetch(new Request(url, copied));
      },
    });
    let cookie = "";
    const ask = async (query: string, variables: object) => {
      const headers = { "content-type": "application/json", cookie };
      const body = JSON.stringify({ query, variables });
      const response = await handler(new Request("https://shop.example/api", { method: "POST", headers, body }));
      cookie = response.headers.get("set-cookie")?.split(";")[0] ?? cookie;
      return (await response.json()).data.result;
    };

    const { refreshToken } = await ask(documents.signIn, { input: demo });
    await ask(documents.signOut, { refreshToken, everywhere: false });

    expect(living(server)).toEqual([]);
    expect(atob(cookie.split("=")[1]!.replaceAll("-", "+").replaceAll("_", "/"))).toContain('"errands":[]');
  });

  it("sets an HttpOnly, Secure, SameSite=Lax cookie, and also sends no-store", async () => {
    const { page, answers } = site();
    await page().accessToken();
    const [answer] = answers;
    expect(answer!.headers.get("set-cookie")).toMatch(
      /^authtickets=[\w-]+; Path=\/; Max-Age=\d+; HttpOnly; Secure; SameSite=Lax$/,
    );
    for (const { headers } of answers) expect(headers.get("cache-control")).toBe("private, no-store");
  });

  it("refreshes once, whatever one request needs", async () => {
    const { server, page, rendering } = site();
    await page().signIn(demo);
    await later(1000);
    const shopper = rendering({ canSet: true });
    await Promise.all([shopper.accessToken(), shopper.accessToken(), shopper.accessToken()]);
    expect(count(server, "refreshTicket")).toBe(1);
  });

  it("refreshes in a server component without harm: the page gets the same ticket later", async () => {
    const { server, page, rendering } = site();
    const shopper = page();
    const { userId } = await shopper.signIn(demo);
    await later(1000);
    const rendered = await rendering().accessToken();
    await later(600); // beyond the reuse window
    expect(await rendering().accessToken()).toBe(rendered);

    await later(1000); // the repeated ticket has expired
    const body = '{"query":"{ currentShopper { userId } }"}';
    await expect(until(rendering().fetch(endpoint, { method: "POST", body }))).rejects.toMatchObject({
      reason: "TOKEN_EXPIRED",
    });
    expect((await until(shopper.bearer())).userId).toBe(userId);
    expect(living(server)).toHaveLength(1);
  });

  it("refreshes once in a request to the handler, even if the repeated ticket is due", async () => {
    const { server, page, rendering } = site();
    const store = memoryStore();
    const shopper = page(store);
    const { userId } = await shopper.signIn(demo);
    await later(1000);
    await rendering().accessToken();
    await later(1000);
    const [one, other] = [page(), page()];
    await until(Promise.all([one.accessToken(), other.accessToken(), shopper.accessToken()]));
    await later(1000);
    for (const tab of [one, other, shopper]) expect((await until(tab.bearer())).userId).toBe(userId);
    expect(living(server)).toHaveLength(1);
  });

  it("does not bring a customer back after a sign-out, even while it is on its way", async () => {
    const { server, page, send } = site();
    const store = memoryStore();
    const shopper = createShopper({
      endpoint: "https://shop.example/api/shopper",
      storage: () => store,
      async fetch(input, init) {
        if (String(init?.body).includes("SignOut")) throw new TypeError("Failed to fetch");
        return send(new Request(input, init));
      },
    });
    pages.push(shopper);
    await shopper.signIn(demo);
    await shopper.signOut();
    await until(shopper.accessToken());
    expect(shopper.getState()).toMatchObject({ status: "anonymous", reason: "SIGNED_OUT" });
    await until(page().accessToken());
    expect(living(server)).toEqual([]);
  });

  it("refreshes in a server component even while a sign-out waits in the cookie", async () => {
    const { server, page, rendering } = site();
    const shopper = page();
    await shopper.signIn(demo);
    server.fail("offline", { on: "revokeTicket", times: 9 });
    await shopper.signOut();
    const { userId } = await shopper.signIn(eve);
    await later(1000);
    const rendered = rendering();
    rendered.subscribe(() => {});
    await later(1); // the sign-out is tried
    expect(await rendered.bearer()).toMatchObject({ userId });
    expect(count(server, "refreshTicket")).toBe(1);
  });

  it("sets the same cookie when two requests refresh at once, in any order", async () => {
    const { server, page } = site();
    const shopper = page();
    const { userId } = await shopper.signIn(demo);
    await later(1000);
    const other = page();
    await Promise.all([shopper.accessToken(), other.accessToken()]);
    for (let i = 0; i < 3; i++) {
      await later(1000);
      expect((await shopper.bearer()).userId).toBe(userId);
      expect((await other.bearer()).userId).toBe(userId);
    }
    expect(living(server)).toHaveLength(1);
  });

  it("counts the lifetime of a token from its issue", async () => {
    const { server, page } = site();
    await page().accessToken();
    await later(600);
    const reloaded = page(); // with an empty store
    const first = await reloaded.accessToken();
    await later(100);
    // It is due after 675 s.
    await vi.waitFor(async () => expect(await reloaded.accessToken()).not.toBe(first));
    expect(count(server, "refreshTicket")).toBe(1);
    expect(count(server, "anonymousShopperTicket")).toBe(1);
  });

  it("tells the page why its session has ended", async () => {
    const { server, page } = site();
    const shopper = page();
    await shopper.signIn(demo);
    server.end(living(server)[0]!.id, "SESSION_ENDED");
    await later(1000);
    await shopper.accessToken();
    expect(shopper.getState()).toMatchObject({ status: "anonymous", reason: "SESSION_ENDED", wasCustomer: true });
  });

  it("claims, signs out, lists and ends sessions through the handler", async () => {
    const { server, page, rendering } = site();
    const shopper = page();
    const { userId } = await shopper.bearer();
    expect(await shopper.signIn(demo)).toMatchObject({ claim: "CLAIMED", claimedAnonymousUserId: userId });
    const phone = createShopper({ endpoint, fetch: server.fetch, storage: memoryStore });
    pages.push(phone);
    await phone.signIn(demo);
    const sessions = await shopper.sessions();
    expect(sessions.map(({ isCurrent }) => isCurrent)).toEqual([false, true]);
    await shopper.endSession(sessions[0]!.id);
    expect(living(server)).toHaveLength(1);

    await shopper.signOut();
    expect(living(server)).toEqual([]);
    await rendering().accessToken();
    expect(shopper.getState()).toMatchObject({ status: "ended", reason: "SIGNED_OUT" });
  });

  it("passes on the answer to a wrong password", async () => {
    const { page } = site();
    await expect(page().signIn({ ...demo, password: "wrong" })).rejects.toMatchObject({
      reason: "INVALID_CREDENTIALS",
    });
  });

  it("leaves no session behind when two pages sign in at once", async () => {
    const { server, page } = site();
    const store = memoryStore();
    const [one, other] = [page(store), page(store)];
    await one.accessToken();
    await until(Promise.allSettled([one.signIn(demo), other.signIn(eve)]));
    await later(20);
    const [session, ...others] = living(server);
    expect(others).toEqual([]);
    expect((await until(one.bearer())).userId).toBe(session?.userId);
  });

  it("keeps the ticket while the ticket server is unreachable", async () => {
    const { server, page } = site();
    const shopper = page();
    const { userId } = await shopper.signIn(demo);
    await later(1000);
    server.isOffline = true;
    const failed = expect(shopper.accessToken()).rejects.toMatchObject({ reason: "UNREACHABLE" });
    await later(10);
    await failed;
    server.isOffline = false;
    await later(10);
    expect((await shopper.bearer()).userId).toBe(userId);
  });

  it("refuses other sites, forms, and documents of others", async () => {
    const handler = shopperHandler({ endpoint, fetch: createFakeServer().fetch });
    const post = (headers: Record<string, string>, body = "{}") =>
      handler(new Request("https://shop.example/api/shopper", { method: "POST", headers, body }));
    const json = { "content-type": "application/json" };
    expect((await post({ ...json, "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await post({ "content-type": "text/plain" })).status).toBe(403);
    for (const body of ["{}", "no JSON", '{"query":"{ currentShopper { userId } }"}']) {
      expect(await (await post(json, body)).json()).toMatchObject({
        errors: [{ extensions: { reason: "REQUEST_INVALID" } }],
      });
    }
  });

  it("tells only the ticket server who asks", async () => {
    const seen: string[] = [];
    const server = createFakeServer();
    const send = async (input: RequestInfo | URL, init?: RequestInit) => {
      const request = new Request(input, init);
      seen.push(
        `${new URL(request.url).host} ${request.headers.get("x-forwarded-for")} ${request.headers.get("user-agent")}`,
      );
      return request.url === endpoint ? server.fetch(request) : new Response();
    };
    const headers = new Headers({ "x-forwarded-for": "192.0.2.7", "user-agent": "Phone" });
    const shopper = serverShopper({ endpoint, fetch: send, headers, cookies: { get: () => undefined, set() {} } });
    pages.push(shopper);
    await shopper.fetch("https://shop.example/cart");
    expect(seen).toEqual(["tickets.example 192.0.2.7 Phone", "shop.example null null"]);

    headers.set("content-type", "application/json");
    const body = JSON.stringify({ query: documents.begin });
    const request = new Request("https://shop.example/api/shopper", { method: "POST", headers, body });
    await shopperHandler({ endpoint, fetch: send })(request);
    expect(seen[2]).toBe(seen[0]);
  });

  it("says that a ticket does not fit into a cookie", async () => {
    const server = createFakeServer();
    const long = async (input: RequestInfo | URL, init?: RequestInit) => {
      const body = await (await server.fetch(input, init)).text();
      return new Response(body.replace(/"jwtAccessToken":"/, `$&${"x".repeat(4000)}`));
    };
    const shopper = serverShopper({ endpoint, fetch: long, cookies: { get: () => undefined, set() {} } });
    pages.push(shopper);
    await expect(until(shopper.accessToken())).rejects.toMatchObject({ reason: "COOKIE_TOO_LARGE" });
  });

  it("begins a new session with a cookie that it cannot read", async () => {
    const shopper = serverShopper({
      endpoint,
      fetch: createFakeServer().fetch,
      cookies: { get: () => ({ value: "damaged" }), set() {} },
    });
    pages.push(shopper);
    await shopper.accessToken();
    expect(shopper.getState().status).toBe("anonymous");
  });
});
