import { createAges } from "./age.js";
import { ShopperError, wantsToken } from "./error.js";
import { underLock } from "./lock.js";
import {
  type Claim,
  type Errand,
  followed,
  received,
  type ShopperState,
  signedIn,
  signedOut,
  starting,
  stateOf,
  type Stored,
  take,
  type Ticket,
  tried,
} from "./record.js";
import { type Change, pageStore, type StoreFactory, type TicketStore } from "./stores.js";
import { createCall, type Session, type WireTicket } from "./wire.js";

export interface ShopperOptions {
  /** The URL of the ticket server, for example `https://tickets.example/graphql`. */
  endpoint: string;
  /** The id of the application. Only a server with several applications needs it. */
  application?: string;
  /** Where the ticket is kept. The default is IndexedDB, shared by all tabs. */
  storage?: StoreFactory;
  /**
   * Is called when a sign-in has claimed an anonymous shopper, for example to merge the cart. It is
   * called again until it resolves, even after a reload, so it must be idempotent. It is called
   * only while the customer of the claim is the shopper.
   */
  onClaim?: (claim: Claim) => unknown;
  /** Sends the requests. The default is the global `fetch`. */
  fetch?: typeof fetch;
}

export interface TokenOptions {
  /** A token that a server has just refused. Another one is returned. */
  refused?: string | undefined;
  /** Returns the ticket's JWT, for services that verify tickets by themselves. */
  jwt?: boolean | undefined;
  /** Ends the wait. */
  signal?: AbortSignal | null | undefined;
}

/** A token, and the user that it belongs to. */
export interface Bearer {
  readonly token: string;
  readonly userId: string;
}

/** What a sign-in has done. */
export interface SignedIn {
  readonly userId: string;
  /** The outcome of claiming the anonymous shopper: the server's ClaimOutcome. */
  readonly claim?: string | undefined;
  /** The anonymous shopper whose cart now belongs to the customer. */
  readonly claimedAnonymousUserId?: string | null | undefined;
}

export interface Shopper {
  /** Returns who the shopper is. It returns the same object until that changes. */
  getState(): ShopperState;
  /** Calls the listener after each change of the state. Call the returned function to end that. */
  subscribe(listener: () => void): () => void;
  /** Returns a valid access token. Without a shopper, a new anonymous one begins. */
  accessToken(options?: TokenOptions): Promise<string>;
  /** Like `accessToken`, but also returns whose token it is. */
  bearer(options?: TokenOptions): Promise<Bearer>;
  /**
   * Like the global `fetch`, with the shopper's token: the access token for the endpoint, and the
   * JWT for other URLs. If the token is refused, the request is repeated once, with another token.
   * A request that changes something, such as a mutation, is repeated only for the same shopper.
   */
  readonly fetch: typeof fetch;
  /** Signs a customer in, and claims the anonymous shopper. It sends the password once. */
  signIn(credentials: { username: string; password: string }): Promise<SignedIn>;
  /**
   * Signs out: here at once, and on the server as soon as possible. It returns when the server has
   * confirmed it, or when the first try has failed. After that it is tried again, even after a
   * reload.
   */
  signOut(options?: { everywhere?: boolean }): Promise<void>;
  /** Returns where the customer is signed in, newest first. */
  sessions(): Promise<Session[]>;
  /** Ends one of the customer's sessions. */
  endSession(id: string): Promise<void>;
  /** Ends all timers and listeners. The stored ticket stays. */
  dispose(): void;
}

// After a failure there are no requests for 0.5 s, then 1 s, 2 s, 3 s. The server may name a longer
// time.
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 3_000;
// A caller that has waited so long for the end of a pause gets the failure.
const LONGEST_WAIT = 5_000;
// A token that is about to expire may expire on its way to the server.
const MARGIN = 500;
// How long to wait for another tab's sign-in that has won the claim.
const OTHER_SIGN_IN = 2_000;
// A session may be over, and the answer to a refresh may be old. More rounds would be a bug.
const ROUNDS = 5;
const POLL = 100;
// A tab may still be sending the previous token. If the new one were used up before the previous
// one arrives, the server would suspect a theft.
const SETTLING = 500;

const ignore = () => {};

/** Makes the shopper of a page. Nothing is sent or stored before somebody subscribes or asks. */
export function createShopper(options: ShopperOptions): Shopper {
  const { endpoint, application, onClaim } = options;
  const send: typeof fetch = (input, init) => (options.fetch ?? fetch)(input, init);
  const key = `authtickets ${endpoint} ${application}`;
  const ages = createAges();
  const listeners = new Set<() => void>();
  const disposal = new AbortController();

  let store: Promise<TicketStore> | undefined;
  let state = starting;
  let refused: string | undefined;
  let renewal: Promise<Ticket> | undefined;
  let version: number | undefined;
  let failure: unknown; // of the last refresh, during the pause after it
  let failures = 0;
  let settling: ReturnType<typeof setTimeout> | undefined; // while a ticket is new
  const running = new Map<string, Promise<void>>();
  let errandTimer: ReturnType<typeof setTimeout> | undefined;

  const call = createCall(endpoint, application, send);

  // The store, and the state that the application sees.

  function begin(): Promise<TicketStore> {
    disposal.signal.throwIfAborted();
    return (store ??= open());
  }

  async function open(): Promise<TicketStore> {
    queueMicrotask(catchUp);
    for (const type of ["visibilitychange", "pageshow", "focus", "online"]) {
      globalThis.addEventListener?.(type, catchUp, { signal: disposal.signal });
    }
    const opened = await (options.storage ?? pageStore)(key);
    opened.watch(catchUp);
    return opened;
  }

  // Runs when the page begins or wakes, and when another tab reports a change.
  async function catchUp(event?: Event | void): Promise<void> {
    if (event?.type === "online") failure = undefined;
    try {
      const { ticket, end } = await read();
      if (!ticket && !end) await renew();
      await runErrands();
    } catch {
      // The next use reports the failure.
    }
  }

  function see(stored: Stored): Stored {
    if (version !== stored.version) {
      // Another tab's success ends the pause.
      failure = undefined;
      clearTimeout(settling);
      settling = version === undefined ? version : setTimeout(() => (settling = undefined), SETTLING);
      version = stored.version;
    }

    const next = stateOf(stored, state);
    if (next !== state) {
      state = next;
      // Listeners run separately, because one may throw or call the shopper.
      for (const listener of listeners) queueMicrotask(() => listeners.has(listener) && listener());
    }
    return stored;
  }

  const read = async () => see(await (await begin()).read());
  const update = async (change: Change) => see(await (await begin()).update(change));

  async function wait(duration: number, isOver: (stored: Stored) => boolean): Promise<Stored> {
    for (; ; duration -= POLL) {
      const stored = await read();
      if (isOver(stored) || duration <= 0) return stored;
      await new Promise((resolve) => setTimeout(resolve, POLL));
    }
  }

  // Another tab's sign-in has claimed the anonymous shopper. Its answer is probably on its way.
  const waitForSignIn = ({ turn }: Stored) => wait(OTHER_SIGN_IN, (stored) => stored.turn !== turn);

  // Refreshing.

  const isAlive = (ticket: Ticket | undefined): ticket is Ticket =>
    !!ticket &&
    ticket.accessToken !== refused &&
    ticket.jwtAccessToken !== refused &&
    ages.of(ticket) < ticket.accessTokenLifetime * 1000 - MARGIN;
  const isFresh = (ticket: Ticket | undefined) => isAlive(ticket) && ages.of(ticket) < ticket.refreshAfter * 1000;

  const renew = () => (renewal ??= underLock(key, renewInTurn).finally(() => (renewal = undefined)));

  async function renewInTurn(): Promise<Ticket> {
    let isRepeated = false;
    for (let round = ROUNDS; round--;) {
      const stored = await wait(LONGEST_WAIT, ({ ticket }) => !failure && (!settling || !ticket || isFresh(ticket)));
      if (failure) throw failure;
      const { ticket } = stored;
      if (ticket && (isFresh(ticket) || !round)) {
        failures = 0;
        return ticket;
      }

      try {
        await request(stored);
      } catch (error) {
        const { nextStep, retryAfterSeconds = 0 } = error as ShopperError;
        const pause = Math.max(Math.min(FIRST_PAUSE * 2 ** failures++, LONGEST_PAUSE), retryAfterSeconds * 1000);
        failure = error;
        setTimeout(() => failure === error && (failure = undefined), pause);
        // Without an answer, the request is repeated once. The attempt makes that safe.
        if (isRepeated || nextStep !== "WAIT") throw error;
        isRepeated = true;
      }
    }
    // Somebody keeps signing out.
    throw new ShopperError({ reason: "SHOPPER_CHANGED" });
  }

  // Gets the next ticket, or learns that there is none.
  async function request(before: Stored): Promise<void> {
    const { ticket: sent } = before;
    let follows: Ticket | string;
    try {
      const next = await (sent
        ? call<WireTicket>("refresh", { refreshToken: sent.refreshToken, attempt: sent.attempt })
        : call<WireTicket>("begin", { deviceToken: before.deviceToken })); // for the route handler
      // The server may have made this ticket earlier, perhaps long ago.
      const age = sent ? ages.since(sent) - (Date.parse(next.issuedAt) - Date.parse(sent.issuedAt)) : 0;
      follows = received(next, Math.max(0, age));
    } catch (error) {
      const { nextStep, reason } = error as ShopperError;
      if (!sent || nextStep !== "SIGN_IN") throw error;
      if (reason === "SIGNED_IN") await waitForSignIn(before);
      follows = reason;
    }
    await update((stored) => followed(stored, sent, follows));
  }

  async function validTicket(refusal = refused): Promise<Ticket> {
    refused = refusal;
    const { ticket } = await read();
    if (!isAlive(ticket)) return renew();
    if (!isFresh(ticket)) renew().catch(ignore);
    return ticket;
  }

  async function bearer({ refused, jwt, signal }: TokenOptions = {}): Promise<Bearer> {
    signal?.throwIfAborted();
    const { accessToken, jwtAccessToken, userId } = await new Promise<Ticket>((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
      validTicket(refused).then(resolve, reject);
    });
    return { token: jwt ? jwtAccessToken : accessToken, userId };
  }

  // Requests with the token.

  const fetchAsShopper: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const isEndpoint = request.url.startsWith(new Request(endpoint).url);
    const options = { jwt: !isEndpoint, signal: request.signal };

    const sendAs = ({ token }: Bearer) => {
      const copy = request.clone();
      copy.headers.set("authorization", `Bearer ${token}`);
      if (isEndpoint && application) copy.headers.set("x-application", application);
      return send(copy);
    };

    const first = await bearer(options);
    const response = await sendAs(first);
    if (!(await isRefused(response))) return response;

    const second = await bearer({ ...options, refused: first.token });
    // What one shopper asked for is never done for another shopper.
    return second.userId === first.userId || (await isReading(request)) ? sendAs(second) : response;
  };

  // Signing in and out.

  async function signIn({ username, password }: { username: string; password: string }): Promise<SignedIn> {
    let before = await read();
    // A shopper that is just beginning is claimed as well. And no late answer of a refresh can
    // arrive after the sign-in's.
    if (renewal || !(before.ticket ?? before.end)) {
      await renew().catch(ignore);
      before = await read();
    }
    const { ticket: last } = before;
    const answer = await call<WireTicket>("signIn", {
      input: {
        username,
        password,
        previousRefreshToken: before.guestToken ?? (last?.isAnonymous ? last.refreshToken : undefined),
        deviceToken: before.deviceToken,
      },
    });

    const isMissed = answer.claim === "CLAIMED_BY_ANOTHER";
    const ticket = { ...received(answer), missedClaim: isMissed ? last?.sessionId : undefined };
    if (isMissed) await waitForSignIn(before);

    const after = await update((stored) => signedIn(stored, before, ticket));
    void catchUp();
    const { userId, claim, claimedAnonymousUserId } = ticket;
    if (after.ticket?.userId !== userId) throw new ShopperError({ reason: "SUPERSEDED" });
    return { userId, claim, claimedAnonymousUserId };
  }

  async function signOut({ everywhere = false } = {}): Promise<void> {
    const { errands } = await update((stored) => signedOut(stored, everywhere));
    await runErrands();
    // The last errand is this sign-out. A page that has just begun may be running it already.
    await running.get(errands.at(-1)?.id as string);
  }

  // Errands.

  async function runErrands(): Promise<void> {
    clearTimeout(errandTimer);
    let delay = 0;
    while (!delay) {
      let errand: Errand | undefined;
      await update((before) => {
        let after: Stored;
        [after, errand, delay] = take(before, onClaim, running);
        return after;
      });
      if (errand) running.set(errand.id, run(errand).catch(ignore));
    }
    if (delay < Infinity) errandTimer = setTimeout(catchUp, delay);
  }

  async function run(errand: Errand): Promise<void> {
    const { id, message } = errand;
    let failure: Partial<ShopperError> | undefined;
    try {
      await null; // so that an `onClaim` that throws at once does not end before it counts as running
      await ("everywhere" in message ? call("signOut", message) : onClaim!(message));
    } catch (error) {
      failure = Object(error);
    }
    running.delete(id);
    await update((stored) => tried(stored, errand, failure));
    if (failure) void catchUp();
  }

  return {
    getState: () => state,

    subscribe(listener) {
      listeners.add(listener);
      void begin();
      return () => listeners.delete(listener);
    },

    accessToken: async (options) => (await bearer(options)).token,
    bearer,
    fetch: fetchAsShopper,
    signIn,
    signOut,

    sessions: async () => (await call<{ sessions: Session[] }>("sessions", {}, fetchAsShopper)).sessions,

    async endSession(id) {
      if ((await read()).ticket?.sessionId === id) await signOut();
      else await call("endSession", { id }, fetchAsShopper);
    },

    dispose() {
      disposal.abort(new ShopperError({ reason: "DISPOSED" }));
      clearTimeout(errandTimer);
      clearTimeout(settling);
      void store?.then((opened) => opened.close());
    },
  };
}

// Reports whether a request changes nothing: a GET, or a GraphQL query.
async function isReading(request: Request): Promise<boolean> {
  if (request.method === "GET") return true;
  const body = await request.clone().json().catch(ignore);
  return /^\s*(query|fragment|{)(?!.*mutation)/s.test(body?.query);
}

// Services that verify tickets by themselves answer with 401. GraphQL servers say it in the body.
async function isRefused(response: Response): Promise<boolean> {
  if (response.status === 401) return true;
  const isJson = response.headers.get("content-type")?.includes("json");
  const body = isJson && (await response.clone().json().catch(ignore));
  return body?.errors?.some?.(({ extensions }: { extensions?: object }) => wantsToken(extensions));
}
