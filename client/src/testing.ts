// A server for tests, as strict as the real one. It is a `fetch` function that keeps tickets in
// memory, and fails as a test asks.

export interface FakeCustomer {
  username: string;
  password: string;
}

export interface FakeServerOptions {
  /** Who can sign in. The default is `demo` with the password `correct horse battery staple`. */
  customers?: FakeCustomer[];
  /**
   * The lifetime of an access token in seconds: 900 by default. A refresh is due after 75 % of it.
   */
  accessLifetime?: number;
  /** For how many seconds a used refresh token gives the same ticket again: 30 by default. */
  reuseWindow?: number;
  /** The lifetime of a refresh token in seconds. The default is 14 days. */
  refreshLifetime?: number;
  /** Answers the operations of your own API. It returns their `data`, or throws an error. */
  answer?: (operation: FakeOperation) => unknown;
}

/** An operation of your own API, sent with a valid access token or with none. */
export interface FakeOperation {
  query: string;
  variables: Record<string, unknown>;
  shopper: { userId: string; sessionId: string; isAnonymous: boolean } | undefined;
}

/** What goes wrong with a request. */
export type Fault =
  /** The work is done, and its answer is lost. */
  | "drop"
  /** The request does not reach the server. */
  | "offline"
  /** The server answers BUSY. */
  | "busy"
  /** A proxy answers with a page of its own. */
  | "html"
  /** Nothing ever answers. */
  | "hang"
  /** The answer takes this many milliseconds longer. */
  | { delay: number }
  /** The server's clock is ahead by this many milliseconds, for this request. */
  | { shift: number }
  /** First, the session of the request's token ends. */
  | { end: string };

export interface FaultOptions {
  /** The root field whose requests fail, for example `refreshTicket`; without it, any. */
  on?: string;
  /** How many requests fail. The default is 1. */
  times?: number;
}

/** A session as the fake server keeps it. */
export interface FakeSession {
  readonly id: string;
  readonly userId: string;
  readonly username: string | undefined;
  readonly isAnonymous: boolean;
  readonly endReason: string | undefined;
}

export interface FakeServer {
  /** The function to give to `createShopper` as `fetch`. */
  fetch: typeof fetch;
  /** Makes the next requests fail. */
  fail(fault: Fault, options?: FaultOptions): void;
  /** Forgets the faults that have not happened yet. */
  recover(): void;
  /** While it is true, no request reaches the server. */
  isOffline: boolean;
  /** How far the server's clock is ahead of this process's, in milliseconds. */
  clockOffset: number;
  /** The root fields of all requests, oldest first, including requests that failed. */
  readonly requests: string[];
  /** All sessions so far, oldest first. */
  readonly sessions: readonly FakeSession[];
  /** Ends a session, for example with `SESSION_ENDED`. */
  end(sessionId: string, reason: string): void;
}

interface Issued {
  accessToken: string;
  refreshToken: string;
  jwtAccessToken: string;
  issuedAt: number;
}

interface Session {
  id: string;
  userId: string;
  username: string | undefined;
  isAnonymous: boolean;
  endReason: string | undefined;
  claimedBy: string | undefined;
  startedAt: number;
  /** One for each generation. */
  tickets: Issued[];
  /** The attempt of the last refresh. */
  attempt: string | undefined;
}

interface Held {
  session: Session;
  generation: number;
  ticket: Issued;
}

interface Refused {
  code: string;
  reason: string;
  nextStep: string;
  retryAfterSeconds?: number;
}

interface Asked {
  query: string;
  variables: Record<string, unknown>;
  accessToken: string | undefined;
  now: number;
}

class Refusal extends Error {
  constructor(readonly extensions: Refused) {
    super(extensions.reason);
  }
}

const FIELDS = [
  "anonymousShopperTicket",
  "createUserTicket",
  "refreshTicket",
  "revokeTicket",
  "currentShopper",
  "endSession",
] as const;

/** Makes a server that knows only its customers. */
export function createFakeServer(options: FakeServerOptions = {}): FakeServer {
  const {
    customers = [{ username: "demo", password: "correct horse battery staple" }],
    accessLifetime = 900,
    reuseWindow = 30,
    refreshLifetime = 14 * 24 * 3600,
    answer,
  } = options;
  const sessions: Session[] = [];
  const userIds = new Map<string, string>();
  const faults: { fault: Fault; on: string | undefined }[] = [];

  // Tickets.

  function issue(session: Session, now: number): Issued {
    const [accessToken, refreshToken, id] = [random(), random(), random()];
    const ticket = { accessToken, refreshToken, jwtAccessToken: `${random()}.${id}.${random()}`, issuedAt: now };
    session.tickets.push(ticket);
    return ticket;
  }

  function begin(username: string | undefined, now: number): Session {
    let userId = username && userIds.get(username);
    if (!userId) userId = random();
    if (username) userIds.set(username, userId);
    const session: Session = {
      id: random(),
      userId,
      username,
      isAnonymous: username === undefined,
      endReason: undefined,
      claimedBy: undefined,
      startedAt: now,
      tickets: [],
      attempt: undefined,
    };
    issue(session, now);
    sessions.push(session);
    return session;
  }

  function find(token: unknown, kinds: (keyof Issued)[]): Held | undefined {
    for (const session of sessions) {
      const generation = session.tickets.findIndex((ticket) => kinds.some((kind) => ticket[kind] === token));
      const ticket = session.tickets[generation];
      if (ticket) return { session, generation, ticket };
    }
    return undefined;
  }

  const newest = (session: Session) => session.tickets[session.tickets.length - 1] as Issued;
  const hasExpired = ({ issuedAt }: Issued, lifetime: number, now: number) => now >= issuedAt + lifetime * 1000;

  const ended = (reason: string) => new Refusal({ code: "UNAUTHENTICATED", reason, nextStep: "SIGN_IN" });
  const wrong = (reason: string) => new Refusal({ code: "BAD_USER_INPUT", reason, nextStep: "FIX_INPUT" });

  function written(session: Session, claim = "NOTHING_TO_CLAIM", claimedAnonymousUserId: string | null = null) {
    const { issuedAt, ...tokens } = newest(session);
    return {
      __typename: "CustomerAuthTicket",
      ...tokens,
      accessTokenLifetime: accessLifetime,
      accessTokenExpiration: new Date(issuedAt + accessLifetime * 1000).toISOString(),
      refreshTokenLifetime: refreshLifetime,
      refreshTokenExpiration: new Date(issuedAt + refreshLifetime * 1000).toISOString(),
      refreshAfter: Math.floor(accessLifetime * 0.75),
      issuedAt: new Date(issuedAt).toISOString(),
      sessionId: session.id,
      userId: session.userId,
      isAnonymous: session.isAnonymous,
      behaviors: [],
      claim,
      claimedAnonymousUserId,
    };
  }

  // Operations.

  function refresh({ variables: { refreshToken, attempt }, now }: Asked) {
    if (attempt !== undefined && !/^[A-Za-z0-9]{16,64}$/.test(String(attempt))) throw wrong("ATTEMPT_INVALID");
    const held = find(refreshToken, ["refreshToken"]);
    if (!held) throw ended("TOKEN_INVALID");

    const { session, generation, ticket } = held;
    if (session.endReason) throw ended(session.endReason);

    const isNewest = ticket === newest(session);
    const isNext = generation === session.tickets.length - 2;
    const isRepeated = isNext && attempt !== undefined && session.attempt === attempt;
    if (!isRepeated && hasExpired(ticket, refreshLifetime, now)) throw ended("TOKEN_EXPIRED");
    if (isNewest) {
      session.attempt = attempt as string | undefined;
      issue(session, now);
    } else if (!isRepeated && !(isNext && now - newest(session).issuedAt <= reuseWindow * 1000)) {
      session.endReason = "TOKEN_REUSED";
      throw ended("TOKEN_REUSED");
    }
    return written(session);
  }

  function signIn({ variables, now }: Asked) {
    const input = (variables["input"] ?? variables) as Record<string, unknown>;
    const customer = customers.find(({ username }) => username === input["username"]);
    if (customer?.password !== input["password"] || !customer) throw wrong("INVALID_CREDENTIALS");

    const device = find(input["deviceToken"], ["refreshToken"])?.session;
    const { username } = customer;
    if (device && device.username === username && !device.endReason) device.endReason = "SESSION_REPLACED";

    const session = begin(username, now);
    return written(session, ...claim(input["previousRefreshToken"], session.userId, now));
  }

  function claim(token: unknown, userId: string, now: number): [string, (string | null)?] {
    if (token === undefined || token === null) return ["NOTHING_TO_CLAIM"];
    const held = find(token, ["refreshToken"]);
    if (!held) return ["TOKEN_INVALID"];

    const { session, ticket } = held;
    if (!session.isAnonymous) return ["NOTHING_TO_CLAIM"];
    if (session.claimedBy && session.claimedBy !== userId) return ["CLAIMED_BY_ANOTHER"];
    if (!session.claimedBy && session.endReason) return [session.endReason];
    if (hasExpired(ticket, refreshLifetime, now)) return ["TOKEN_EXPIRED"];
    session.claimedBy = userId;
    session.endReason = "SIGNED_IN";
    return ["CLAIMED", session.userId];
  }

  function revoke({ variables: { refreshToken, everywhere } }: Asked) {
    const own = find(refreshToken, ["refreshToken"])?.session;
    if (!own || own.endReason) return { __typename: "RevokedTickets", sessionsEnded: 0 };

    const over = everywhere ? sessions.filter(({ userId, endReason }) => userId === own.userId && !endReason) : [own];
    for (const session of over) session.endReason = everywhere ? "SIGNED_OUT_EVERYWHERE" : "SIGNED_OUT";
    return { __typename: "RevokedTickets", sessionsEnded: over.length };
  }

  function shopperOf({ accessToken, now }: Asked): Session {
    if (!accessToken) throw ended("TOKEN_MISSING");
    const held = find(accessToken, ["accessToken", "jwtAccessToken"]);
    if (!held) throw ended("TOKEN_INVALID");

    const { session, ticket } = held;
    if (session.endReason) throw ended(session.endReason);
    if (hasExpired(ticket, accessLifetime, now)) {
      throw new Refusal({ code: "UNAUTHENTICATED", reason: "TOKEN_EXPIRED", nextStep: "REFRESH" });
    }
    return session;
  }

  function currentShopper(asked: Asked) {
    const own = shopperOf(asked);
    const listed = sessions.filter((other) => !own.isAnonymous && other.userId === own.userId && !other.endReason);
    return {
      __typename: "Shopper",
      userId: own.userId,
      isAnonymous: own.isAnonymous,
      application: "storefront",
      behaviors: [],
      sessionId: own.id,
      sessions: listed.reverse().map((session) => ({
        __typename: "Session",
        id: session.id,
        isCurrent: session === own,
        application: "storefront",
        startedAt: new Date(session.startedAt).toISOString(),
        refreshedAt: new Date(newest(session).issuedAt).toISOString(),
        expiresAt: new Date(newest(session).issuedAt + refreshLifetime * 1000).toISOString(),
        userAgent: "",
      })),
    };
  }

  function endSession(asked: Asked) {
    const own = shopperOf(asked);
    const session = sessions.find(({ id, userId }) => id === asked.variables["id"] && userId === own.userId);
    if (!session || session.endReason) return { __typename: "RevokedTickets", sessionsEnded: 0 };
    session.endReason = session === own ? "SIGNED_OUT" : "SESSION_ENDED";
    return { __typename: "RevokedTickets", sessionsEnded: 1 };
  }

  function ofYourOwn(asked: Asked): unknown {
    const own = asked.accessToken ? shopperOf(asked) : undefined;
    if (!answer) throw wrong("REQUEST_INVALID");
    const shopper = own && { userId: own.userId, sessionId: own.id, isAnonymous: own.isAnonymous };
    return answer({ query: asked.query, variables: asked.variables, shopper });
  }

  const verbs = {
    anonymousShopperTicket: ({ now }: Asked) => written(begin(undefined, now)),
    createUserTicket: signIn,
    refreshTicket: refresh,
    revokeTicket: revoke,
    currentShopper,
    endSession,
  };

  function work(field: (typeof FIELDS)[number] | undefined, asked: Asked): object {
    try {
      if (!field) return { data: ofYourOwn(asked) };
      const alias = new RegExp(`(\\w+)\\s*:\\s*${field}\\b`).exec(asked.query)?.[1] ?? field;
      return { data: { [alias]: verbs[field](asked) } };
    } catch (error) {
      const extensions = error instanceof Refusal ? error.extensions : { code: "INTERNAL_SERVER_ERROR" };
      return { data: null, errors: [{ message: (error as Error).message, path: [field], extensions }] };
    }
  }

  // The network.

  function takeFault(field: string | undefined): Fault | undefined {
    const index = faults.findIndex(({ on }) => on === undefined || on === field);
    return index < 0 ? undefined : faults.splice(index, 1)[0]?.fault;
  }

  async function fakeFetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = input instanceof Request ? input : undefined;
    const headers = new Headers(init?.headers ?? request?.headers);
    const signal = init?.signal ?? request?.signal;
    const body = init?.body === undefined ? await request?.text() : String(init.body);
    const { query = "", variables = {} } = JSON.parse(body || "{}") as Partial<Asked>;
    signal?.throwIfAborted();

    const field = FIELDS.find((name) => new RegExp(`\\b${name}\\b`).test(query));
    server.requests.push(field ?? /\w+/.exec(query.replace(/^\s*(query|mutation)\b\s*/, ""))?.[0] ?? "");
    const fault = takeFault(field);
    const details: { delay?: number; shift?: number; end?: string } = typeof fault === "object" ? fault : {};

    if (server.isOffline || fault === "offline") throw new TypeError("Failed to fetch");
    if (fault === "hang") await aborted(signal);
    if (fault === "html")
      return new Response("<h1>502 Bad Gateway</h1>", { status: 502, headers: { "content-type": "text/html" } });
    if (fault === "busy") {
      const extensions = { code: "TRY_AGAIN", reason: "BUSY", nextStep: "WAIT", retryAfterSeconds: 1 };
      return json({ data: null, errors: [{ message: "BUSY", extensions }] });
    }

    const accessToken = headers.get("authorization")?.replace(/^Bearer /, "");
    const now = Date.now() + server.clockOffset + (details.shift ?? 0);
    if (details.end) {
      const held = find(variables["refreshToken"] ?? accessToken, ["refreshToken", "accessToken", "jwtAccessToken"]);
      if (held) server.end(held.session.id, details.end);
    }

    const result = work(field, { query, variables, accessToken, now });
    if (fault === "drop") throw new TypeError("Failed to fetch");
    if (details.delay) {
      await Promise.race([new Promise((resolve) => setTimeout(resolve, details.delay)), aborted(signal)]);
    }
    return json(result);
  }

  const server: FakeServer = {
    fetch: fakeFetch,
    isOffline: false,
    clockOffset: 0,
    requests: [],
    sessions,

    fail(fault, { on, times = 1 } = {}) {
      for (let i = 0; i < times; i++) faults.push({ fault, on });
    },

    recover() {
      faults.length = 0;
    },

    end(sessionId, reason) {
      const session = sessions.find(({ id }) => id === sessionId);
      if (session) session.endReason ??= reason;
    },
  };
  return server;
}

function aborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
}

function json(body: object): Response {
  return new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });
}

function random(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
