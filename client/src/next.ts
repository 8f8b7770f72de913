// Server rendering. The ticket is in a cookie that no script can read. The page asks the route
// handler for tokens, as if it were the ticket server. The refresh token never leaves the cookie.

import { createAges } from "./age.js";
import { ShopperError } from "./error.js";
import { nothing, type Stored, type Ticket } from "./record.js";
import { createShopper, type Shopper } from "./shopper.js";
import { advance, type TicketStore } from "./stores.js";
import { createCall, documents, type WireTicket } from "./wire.js";

const COOKIE = "authtickets";
// Browsers drop a cookie of more than 4,096 bytes, including its name and attributes.
const LARGEST = 3_950;
// Longer than a session. The ticket in it expires by itself.
const MAX_AGE = 400 * 24 * 3600;

export interface ServerOptions {
  /** Where the ticket server answers, as an absolute URL. */
  endpoint: string;
  /** The id of the application. The page has the same one. */
  application?: string;
  /** Sends the requests. The default is the global `fetch`. */
  fetch?: typeof fetch;
}

/** The needed part of `await headers()` of `next/headers`, or of a request's headers. */
export interface RequestHeaders {
  get(name: string): string | null;
}

export interface ServerShopperOptions extends ServerOptions {
  /** `await cookies()` of `next/headers`. */
  cookies: Cookies;
  /** `await headers()` of `next/headers`. They tell the ticket server who asks, as proxies do. */
  headers?: RequestHeaders;
}

export interface CookieAttributes {
  httpOnly: true;
  secure: true;
  sameSite: "lax";
  path: "/";
  maxAge: number;
}

/** The needed part of `await cookies()` of `next/headers`. */
export interface Cookies {
  get(name: string): { value: string } | undefined;
  set(name: string, value: string, attributes: CookieAttributes): unknown;
}

/**
 * Makes the shopper of one request from its cookies. Never keep it for another request. It
 * refreshes the ticket at most once. A server component cannot set cookies. There, a refresh does
 * no harm, because the attempt in the cookie gets the same ticket again later.
 */
export function serverShopper({ cookies, headers, ...options }: ServerShopperOptions): Shopper {
  const store = cookieStore(cookies);
  const send = forwarding(options, headers);

  const sendOnce: typeof fetch = (input, init) => {
    // The browser does not have the new ticket yet. After another refresh, its own ticket would be
    // two generations old, which looks like theft.
    if (store.isRefreshed() && String(init?.body).includes("refreshTicket")) {
      throw new ShopperError({ code: "UNAUTHENTICATED", reason: "TOKEN_EXPIRED", nextStep: "REFRESH" });
    }
    return send(input, init);
  };
  return createShopper({ ...options, storage: () => store, fetch: sendOnce });
}

// Forwards the shopper's address and browser. Otherwise, wrong passwords of all customers would
// come from one source, and all sessions would look like one device.
function forwarding({ endpoint, fetch: send = fetch }: ServerOptions, headers?: RequestHeaders): typeof fetch {
  return (input, init) => {
    // Next.js cannot send a body with keepalive, and a server's requests outlive the page anyway.
    const request = new Request(input, { ...init, keepalive: false });
    for (const name of request.url === new URL(endpoint).href ? ["x-forwarded-for", "user-agent"] : []) {
      const value = headers?.get(name);
      if (value) request.headers.set(name, value);
    }
    return send(request);
  };
}

function cookieStore(cookies: Cookies): TicketStore & { isRefreshed(): boolean } {
  let stored = decode(cookies.get(COOKIE)?.value);
  let isRefreshed = false;

  return {
    async read() {
      const { ticket } = stored;
      if (!ticket) return stored;

      // A ticket that is due is refreshed before it is used, because a request has no later. But it
      // is refreshed only once.
      const lifetime = isRefreshed
        ? { refreshAfter: Infinity, accessTokenLifetime: Infinity }
        : { accessTokenLifetime: ticket.refreshAfter };
      return { ...stored, ticket: { ...ticket, ...lifetime } };
    },

    async update(change) {
      const before = stored;
      let next = advance(before, change);
      if (next === before) return this.read();

      // Two requests that refresh the same ticket at once set the same cookie.
      const { ticket } = next;
      if (ticket && before.ticket && ticket.refreshToken !== before.ticket.refreshToken) {
        isRefreshed = true;
        next = { ...next, ticket: { ...ticket, attempt: await derive(before.ticket.attempt + ticket.refreshToken) } };
      }
      // The page reports claims.
      stored = { ...next, errands: next.errands.filter(({ message }) => "everywhere" in message) };
      const value = encode(stored);
      if (value.length > LARGEST) throw new ShopperError({ reason: "COOKIE_TOO_LARGE" });
      try {
        const attributes = { httpOnly: true, secure: true, sameSite: "lax", path: "/", maxAge: MAX_AGE } as const;
        cookies.set(COOKIE, value, attributes);
      } catch {
        // This is a server component.
      }
      return this.read();
    },

    isRefreshed: () => isRefreshed,
    watch() {},
    close() {},
  };
}

async function derive(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function encode(stored: Stored): string {
  return btoa(JSON.stringify(stored)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function decode(value: string | undefined): Stored {
  try {
    const stored = JSON.parse(atob((value ?? "").replaceAll("-", "+").replaceAll("_", "/")));
    return { ...nothing, ...stored };
  } catch {
    return nothing; // no cookie, or not one of ours
  }
}

/**
 * Makes the route handler that is the endpoint of the page's shopper:
 *
 *     // app/api/shopper/route.ts
 *     export const POST = shopperHandler({ endpoint: "https://tickets.example/graphql" });
 *
 *     // in the page
 *     const shopper = createShopper({ endpoint: "/api/shopper" });
 */
export function shopperHandler(options: ServerOptions): (request: Request) => Promise<Response> {
  return async (request) => {
    // A page of another site cannot send JSON without a preflight, which nobody allows.
    const isJson = request.headers.get("content-type")?.startsWith("application/json");
    const site = request.headers.get("sec-fetch-site") ?? "same-origin";
    if (!isJson || site !== "same-origin") return new Response(null, { status: 403 });

    const headers = new Headers({ "cache-control": "private, no-store" });
    const cookies = cookiesOf(request, headers);
    const forwarded = { ...options, fetch: forwarding(options, request.headers) };
    const shopper = serverShopper({ ...forwarded, cookies });
    try {
      const result = await perform(await request.json().catch(() => ({})), shopper, cookies, forwarded);
      return Response.json({ data: { result } }, { headers });
    } catch (error) {
      const { reason, code, nextStep, retryAfterSeconds, message } = toShopperError(error);
      const extensions = { reason, code, nextStep, retryAfterSeconds };
      return Response.json({ data: null, errors: [{ message, extensions }] }, { headers });
    } finally {
      shopper.dispose();
    }
  };
}

interface Asked {
  query?: string;
  variables?: {
    input?: { username: string; password: string };
    refreshToken?: string;
    everywhere?: boolean;
    id?: string;
    deviceToken?: string;
  };
}

async function perform({ query, variables = {} }: Asked, shopper: Shopper, cookies: Cookies, options: ServerOptions) {
  const { input, refreshToken = "", everywhere = false, id = "", deviceToken = "" } = variables;
  const [sessionId, accessToken] = refreshToken.split(".");
  const present = () => decode(cookies.get(COOKIE)?.value).ticket;

  switch (query) {
    case documents.begin:
      // The page has signed out, but its sign-out has not arrived yet.
      if (present()?.sessionId === deviceToken.split(".")[0]) await shopper.signOut();
      await shopper.bearer();
      return pageTicket(cookies);

    case documents.refresh: {
      await shopper.bearer({ refused: accessToken });
      const { ticket, end } = decode(cookies.get(COOKIE)?.value);
      if (end && ticket?.sessionId !== sessionId) {
        throw new ShopperError({ code: "UNAUTHENTICATED", reason: end.reason, nextStep: "SIGN_IN" });
      }
      return pageTicket(cookies);
    }

    case documents.signIn: {
      const { claim, claimedAnonymousUserId } = await shopper.signIn({ username: "", password: "", ...input });
      return { ...pageTicket(cookies), claim, claimedAnonymousUserId };
    }

    case documents.signOut:
      if (present()?.sessionId === sessionId) await shopper.signOut({ everywhere });
      else await endOther(options, sessionId, accessToken);
      return { sessionsEnded: 1 };

    case documents.sessions:
      return { sessions: await shopper.sessions() };

    case documents.endSession:
      await shopper.endSession(id);
      return { sessionsEnded: 1 };

    default:
      throw new ShopperError({ code: "BAD_USER_INPUT", reason: "REQUEST_INVALID", nextStep: "FIX_INPUT" });
  }
}

// Ends a session that is not in the cookie, because another tab has signed in meanwhile.
async function endOther({ endpoint, application, fetch: send = fetch }: ServerOptions, id = "", accessToken = "") {
  const call = createCall(endpoint, application, (input, init) => {
    const headers = { ...(init?.headers as Record<string, string>), authorization: `Bearer ${accessToken}` };
    return send(input, { ...init, headers });
  });
  try {
    await call("endSession", { id });
  } catch (error) {
    const { nextStep } = toShopperError(error);
    if (nextStep !== "SIGN_IN" && nextStep !== "REFRESH") throw error;
  }
}

// The ticket as the page may have it, with its remaining lifetime. In place of the refresh token is
// a text that tells this handler which ticket the page has.
function pageTicket(cookies: Cookies): WireTicket {
  const { ticket } = decode(cookies.get(COOKIE)?.value);
  if (!ticket) throw new ShopperError({ reason: "SHOPPER_CHANGED", nextStep: "WAIT" });

  const { attempt, receivedAt, ageAtReceipt, missedClaim, ...wire } = ticket satisfies Ticket;
  const age = Math.max(0, createAges().since(ticket) + ageAtReceipt) / 1000;
  return {
    ...wire,
    refreshToken: `${ticket.sessionId}.${ticket.accessToken}`,
    accessTokenLifetime: Math.floor(ticket.accessTokenLifetime - age),
    refreshAfter: Math.floor(ticket.refreshAfter - age),
    issuedAt: new Date().toISOString(),
  };
}

function toShopperError(error: unknown): ShopperError {
  return error instanceof ShopperError ? error : new ShopperError({ reason: "UNREACHABLE", nextStep: "WAIT" });
}

function cookiesOf(request: Request, headers: Headers): Cookies {
  const values = new Map<string, string>();
  for (const pair of (request.headers.get("cookie") ?? "").split(/;\s*/)) {
    const at = pair.indexOf("=");
    values.set(pair.slice(0, at), pair.slice(at + 1));
  }
  return {
    get(name) {
      const value = values.get(name);
      return value === undefined ? undefined : { value };
    },
    set(name, value, { maxAge, path }) {
      values.set(name, value);
      headers.set("set-cookie", `${name}=${value}; Path=${path}; Max-Age=${maxAge}; HttpOnly; Secure; SameSite=Lax`);
    },
  };
}
