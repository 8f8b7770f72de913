import { createAges } from "./age.js";
import { ShopperError, wantsToken } from "./error.js";
import { underLock } from "./lock.js";
import {
  begun,
  type Claim,
  deviceTokenOf,
  done,
  ended,
  type Errand,
  LEASE,
  postponed,
  received,
  refreshed,
  revocation,
  type ShopperState,
  signedIn,
  signedOut,
  starting,
  stateOf,
  type Stored,
  take,
  type Ticket,
} from "./record.js";
import { pageStore, type StoreFactory } from "./stores.js";
import { ask, type Session, type Wire, type WireTicket } from "./wire.js";

export interface ShopperOptions {
  /** Where the ticket server answers, for example `https://tickets.example/graphql`. */
  endpoint: string;
  /** The id of the application. Only a server with several applications needs it. */
  application?: string;
  /** Where the ticket is kept. The default is IndexedDB, shared by all tabs. */
  storage?: StoreFactory;
  /**
   * Is called when a sign-in has claimed what an anonymous shopper had, for example to merge the cart.
   * It is called again, also after a reload, until it resolves; so it must be idempotent. It is called
   * only while the customer of the claim is the shopper.
   */
  onClaim?: (claim: Claim) => unknown;
  /** Sends the requests. The default is the global `fetch`. */
  fetch?: typeof fetch;
}

export interface TokenOptions {
  /** The token that a server has just refused. Another one is returned. */
  refused?: string | undefined;
  /** Returns the ticket's JWT, for services that verify tickets by themselves. */
  jwt?: boolean | undefined;
  /** Ends the wait. */
  signal?: AbortSignal | null | undefined;
}

/** A token and whose it is. */
export interface Bearer {
  readonly token: string;
  readonly userId: string;
}

/** What a sign-in has done. */
export interface SignedIn {
  readonly userId: string;
  /** How the claim of the anonymous shopper went: the server's ClaimOutcome. */
  readonly claim: string;
  /** The anonymous shopper whose cart is the customer's now. */
  readonly claimedAnonymousUserId: string | undefined;
}

export interface Shopper {
  /** Returns who the shopper is. It is the same object until that changes. */
  getState(): ShopperState;
  /** Calls the listener after each change of the state. Returns what ends that. */
  subscribe(listener: () => void): () => void;
  /** Returns a valid access token. Without a shopper, a new anonymous one begins. */
  accessToken(options?: TokenOptions): Promise<string>;
  /** Like `accessToken`, and says whose token it is. */
  bearer(options?: TokenOptions): Promise<Bearer>;
  /**
   * Like the global `fetch`, with the shopper's token: the access token for the endpoint, the JWT for
   * others. If the token is refused, the request is repeated once, for the same shopper only.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /** Signs a customer in, and claims what the anonymous shopper had. It sends the password once. */
  signIn(credentials: { username: string; password: string }): Promise<SignedIn>;
  /**
   * Signs out: here at once, and on the server as soon as possible. Returns whether the server has
   * heard it already.
   */
  signOut(options?: { everywhere?: boolean }): Promise<boolean>;
  /** Returns where the customer is signed in, newest first. */
  sessions(): Promise<Session[]>;
  /** Ends one of the customer's sessions. */
  endSession(id: string): Promise<void>;
  /** Ends all timers and listeners. The stored ticket stays. */
  dispose(): void;
}

// A retry within a refresh. Whoever waits longer is better told.
const SHORTEST_WAIT = 300;
const LONGEST_WAIT = 5_000;
// After a failure nobody asks for a while: 0.5 s, 1 s, 2 s, … 8 s.
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 8_000;
// A token that is older than its lifetime without this may expire on its way.
const MARGIN = 500;
// How long to wait for the other tab whose sign-in has won the claim.
const OTHER_SIGN_IN = 2_000;
// A ticket may be over, its successor's answer may be old, and so on. More rounds would be a fault.
const ROUNDS = 3;
const POLL = 100;

const sleep = (duration: number) => new Promise((resolve) => setTimeout(resolve, duration));

/** Makes the shopper of a page. Nothing is sent or stored before somebody subscribes or asks. */
export function createShopper(options: ShopperOptions): Shopper {
  const { endpoint, application, onClaim } = options;
  const send: typeof fetch = (input, init) => (options.fetch ?? fetch)(input, init);
  const wire: Wire = { endpoint, application, fetch: send };
  const key = `authtickets ${endpoint} ${application ?? ""}`;
  const store = (options.storage ?? pageStore)(key);
  const ages = createAges();
  const listeners = new Set<() => void>();

  let state: ShopperState = starting;
  let refused: string | undefined;
  let renewal: Promise<void> | undefined;
  let failure: { error: ShopperError; refreshToken: string | undefined; over: number; date: number } | undefined;
  let failures = 0;
  let errandTimer: ReturnType<typeof setTimeout> | undefined;
  let isRunningErrands = false;
  let end: (() => void) | undefined;
  let isDisposed = false;

  // The store, and what is known of it here.

  function see(stored: Stored): Stored {
    const next = stateOf(stored, state);
    if (next !== state) {
      state = next;
      // In a task of its own: a listener may throw, or call the shopper.
      for (const listener of listeners) queueMicrotask(() => listeners.has(listener) && listener());
    }
    return stored;
  }

  async function read(): Promise<Stored> {
    if (isDisposed) throw new ShopperError("The shopper was disposed of.", { reason: "DISPOSED" });
    begin();
    return see(await store.read());
  }

  const update = async (change: (stored: Stored) => Stored) => see(await store.update(change));

  function begin(): void {
    if (end) return;
    const unwatch = store.watch(catchUp);
    const targets: [EventTarget | undefined, string][] = [
      [globalThis.document, "visibilitychange"],
      [globalThis.window, "pageshow"],
      [globalThis.window, "focus"],
      [globalThis.window, "online"],
    ];
    const wake = ({ type }: Event) => {
      if (type === "online") failure = undefined;
      void catchUp();
    };
    for (const [target, type] of targets) target?.addEventListener(type, wake);
    end = () => {
      unwatch();
      for (const [target, type] of targets) target?.removeEventListener(type, wake);
    };
    void catchUp();
  }

  async function catchUp(): Promise<void> {
    try {
      const { ticket, end } = await read();
      if (!ticket && !end) await renew();
      await runErrands();
    } catch {
      // The next use tells.
    }
  }

  // Returns early once another tab has changed the ticket.
  async function wait(duration: number, { version }: Stored): Promise<void> {
    for (let waited = 0; waited < duration; waited += POLL) {
      await sleep(POLL);
      if ((await read()).version !== version) return;
    }
  }

  // Refreshing.

  const isGood = (ticket: Ticket | undefined): ticket is Ticket =>
    ticket !== undefined && ticket.accessToken !== refused && ages.of(ticket) < ticket.lifetime - MARGIN;
  const isFresh = (ticket: Ticket | undefined) => isGood(ticket) && ages.of(ticket) < ticket.refreshAfter;

  function renew(): Promise<void> {
    return (renewal ??= underLock(key, renewInTurn).finally(() => (renewal = undefined)));
  }

  async function renewInTurn(): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) {
      const stored = await read();
      if (isFresh(stored.ticket)) break;
      await successor(stored);
    }
    failures = 0;
  }

  // Gets the next ticket. Without an answer it asks once more: the attempt makes that safe.
  async function successor(stored: Stored): Promise<void> {
    try {
      await requestSuccessor(stored);
    } catch (error) {
      const delay = delayOf(error);
      if (delay === undefined) throw pause(error as ShopperError, stored);
      await wait(delay, stored);
      const present = await read();
      if (isFresh(present.ticket)) return;
      await requestSuccessor(present).catch((error) => {
        throw pause(error, present);
      });
    }
  }

  function delayOf(error: unknown): number | undefined {
    if (!(error instanceof ShopperError) || error.nextStep !== "WAIT") return undefined;
    const delay = Math.max(SHORTEST_WAIT, (error.retryAfterSeconds ?? 0) * 1000);
    return delay <= LONGEST_WAIT ? delay : undefined;
  }

  async function requestSuccessor({ ticket: sent }: Stored): Promise<void> {
    if (!sent) {
      const ticket = received(await ask<WireTicket>(wire, "begin"), Date.now());
      await update((stored) => begun(stored, ticket));
      return;
    }

    try {
      const { refreshToken, attempt } = sent;
      const next = await ask<WireTicket>(wire, "refresh", { refreshToken, attempt });
      // The server may have given this ticket before, perhaps long ago.
      const age = Math.max(0, ages.since(sent) - (Date.parse(next.issuedAt) - sent.issuedAt));
      const ticket = received(next, Date.now(), age);
      await update((stored) => refreshed(stored, sent, ticket));
    } catch (error) {
      if (!(error instanceof ShopperError) || error.nextStep !== "SIGN_IN") throw error;
      await update((stored) => ended(stored, sent, error.reason));
    }
  }

  // Lets nobody ask for a while, and returns the error that everybody gets meanwhile.
  function pause(error: ShopperError, { ticket }: Stored): ShopperError {
    const backoff = Math.min(FIRST_PAUSE * 2 ** failures++, LONGEST_PAUSE);
    const duration = Math.max(backoff, (error.retryAfterSeconds ?? 0) * 1000);
    const refreshToken = ticket?.refreshToken;
    failure = { error, refreshToken, over: performance.now() + duration, date: Date.now() + duration };
    return error;
  }

  function presentFailure({ ticket }: Stored): ShopperError | undefined {
    if (!failure || failure.refreshToken !== ticket?.refreshToken) return undefined;
    return performance.now() < failure.over && Date.now() < failure.date ? failure.error : undefined;
  }

  async function validTicket(options: TokenOptions): Promise<Ticket> {
    const { ticket, ...rest } = await read();
    if (ticket && (ticket.accessToken === options.refused || ticket.jwt === options.refused)) {
      refused = ticket.accessToken;
    }
    const stored = { ticket, ...rest };
    const error = presentFailure(stored);

    if (isGood(ticket) && (!store.isShortLived || isFresh(ticket))) {
      if (!isFresh(ticket) && !error) renew().catch(() => {});
      return ticket;
    }

    try {
      if (error) throw error;
      await renew();
    } catch (error) {
      // The server has the last word on whether it has expired.
      if (ticket && ticket.accessToken !== refused && ages.leastOf(ticket) < ticket.lifetime) return ticket;
      throw error;
    }
    const next = (await read()).ticket;
    if (!next) throw new ShopperError("The shopper signed out meanwhile.", { reason: "SHOPPER_CHANGED" });
    return next;
  }

  async function bearer(options: TokenOptions = {}): Promise<Bearer> {
    const { signal } = options;
    signal?.throwIfAborted();
    const finding = validTicket(options);
    const { accessToken, jwt, userId } = await (signal ? orAborted(finding, signal) : finding);
    return { token: options.jwt ? jwt : accessToken, userId };
  }

  // Requests with the token.

  async function fetchAsShopper(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
    const request = input instanceof Request ? input : undefined;
    const url = request?.url ?? String(input);
    const isEndpoint = url === endpoint || url === resolved(endpoint);
    const options = { jwt: !isEndpoint, signal: init.signal ?? request?.signal };

    const sendAs = ({ token }: Bearer) => {
      const headers = new Headers(init.headers ?? request?.headers);
      headers.set("authorization", `Bearer ${token}`);
      if (isEndpoint && application) headers.set("x-application", application);
      return send(request?.clone() ?? input, { ...init, headers });
    };

    const first = await bearer(options);
    const response = await sendAs(first);
    if (init.body instanceof ReadableStream || !(await isRefused(response))) return response;

    const second = await bearer({ ...options, refused: first.token });
    return second.userId === first.userId ? sendAs(second) : response;
  }

  async function askAsShopper<Result>(document: "sessions" | "endSession", variables?: object): Promise<Result> {
    const first = await bearer();
    try {
      return await ask<Result>(wire, document, variables, { accessToken: first.token });
    } catch (error) {
      if (!wantsToken(error as ShopperError)) throw error;
      const second = await bearer({ refused: first.token });
      if (second.userId !== first.userId) throw error;
      return await ask<Result>(wire, document, variables, { accessToken: second.token });
    }
  }

  // Signing in and out.

  async function signIn({ username, password }: { username: string; password: string }): Promise<SignedIn> {
    const before = await read();
    const answer = await ask<WireTicket>(wire, "signIn", {
      input: {
        username,
        password,
        previousRefreshToken: before.ticket?.isAnonymous ? before.ticket.refreshToken : undefined,
        deviceToken: deviceTokenOf(before),
      },
    });

    const { userId, claim = "", claimedAnonymousUserId: anonymousUserId } = answer;
    const isMissed = claim === "CLAIMED_BY_ANOTHER";
    const ticket = { ...received(answer, Date.now()), missedClaim: isMissed ? before.ticket?.sessionId : undefined };
    // The other customer is most likely signing in in another tab, and has won.
    if (isMissed) await wait(OTHER_SIGN_IN, before);

    const claimed = anonymousUserId ? { anonymousUserId, userId, proof: answer.jwtAccessToken } : undefined;
    const after = await update((stored) => signedIn(stored, before, ticket, claimed));
    void catchUp();
    if (after.ticket?.userId !== userId) {
      throw new ShopperError("Somebody signed in or out in another tab meanwhile.", { reason: "SUPERSEDED" });
    }
    return { userId, claim, claimedAnonymousUserId: claimed?.anonymousUserId };
  }

  async function signOut({ everywhere = false } = {}): Promise<boolean> {
    await read();
    let errand: Errand | undefined;
    await update((stored) => {
      errand = stored.ticket && revocation(stored.ticket, everywhere, Date.now() + LEASE);
      return errand ? signedOut(stored, errand) : stored;
    });
    return errand ? run(errand) : true;
  }

  // Errands.

  async function run(errand: Errand): Promise<boolean> {
    const { signOut, claim } = errand;
    try {
      if (signOut) await ask(wire, "signOut", signOut, { keepalive: true });
      if (claim) await onClaim?.({ ...claim });
    } catch {
      await update((stored) => postponed(stored, errand, Date.now()));
      void catchUp();
      return false;
    }
    await update((stored) => done(stored, errand));
    return true;
  }

  async function runErrands(): Promise<void> {
    if (isRunningErrands || isDisposed) return;
    isRunningErrands = true;
    clearTimeout(errandTimer);
    try {
      for (;;) {
        let errand: Errand | undefined;
        let delay = Infinity;
        await update((before) => {
          const [after, ...taken] = take(before, Date.now(), onClaim !== undefined);
          [errand, delay] = taken;
          return after;
        });
        if (errand) await run(errand);
        else if (delay < Infinity && !isDisposed) errandTimer = setTimeout(catchUp, delay);
        if (!errand) return;
      }
    } finally {
      isRunningErrands = false;
    }
  }

  return {
    getState: () => state,

    subscribe(listener) {
      const own = () => listener();
      listeners.add(own);
      if (!isDisposed) begin();
      return () => void listeners.delete(own);
    },

    accessToken: async (options) => (await bearer(options)).token,
    bearer,
    fetch: fetchAsShopper,
    signIn,
    signOut,

    sessions: async () => (await askAsShopper<{ sessions: Session[] }>("sessions")).sessions,

    async endSession(id) {
      if ((await read()).ticket?.sessionId === id) await signOut();
      else await askAsShopper("endSession", { id });
    },

    dispose() {
      isDisposed = true;
      clearTimeout(errandTimer);
      end?.();
      listeners.clear();
      store.close();
    },
  };
}

function orAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function resolved(endpoint: string): string {
  return globalThis.location ? new URL(endpoint, globalThis.location.href).href : endpoint;
}

// 401 is what services say that verify tickets by themselves; GraphQL servers say it in the body.
async function isRefused(response: Response): Promise<boolean> {
  if (response.status === 401) return true;
  if (!response.headers.get("content-type")?.includes("json")) return false;
  try {
    const { errors } = await response.clone().json();
    return errors.some(({ extensions }: { extensions?: object }) => wantsToken(extensions));
  } catch {
    return false;
  }
}
