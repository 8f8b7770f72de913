import { type Refusal, ShopperError } from "./error.js";

/** A ticket as the server writes it. */
export interface WireTicket {
  accessToken: string;
  accessTokenLifetime: number;
  refreshToken: string;
  refreshAfter: number;
  issuedAt: string;
  sessionId: string;
  userId: string;
  isAnonymous: boolean;
  jwtAccessToken: string;
  claim?: string;
  claimedAnonymousUserId?: string | null;
}

/** A session of the customer, on this device or another. Times are RFC 3339, in UTC. */
export interface Session {
  id: string;
  isCurrent: boolean;
  application: string;
  startedAt: string;
  refreshedAt: string;
  expiresAt: string;
  userAgent: string;
}

const ticket =
  "accessToken accessTokenLifetime refreshToken refreshAfter issuedAt sessionId userId isAnonymous jwtAccessToken";

/** The documents that this package sends. A server with `--operations-only` must know them. */
export const documents = {
  begin: `mutation BeginShopper{result:anonymousShopperTicket{${ticket}}}`,
  refresh:
    "mutation RefreshShopper($refreshToken:String!,$attempt:String)" +
    `{result:refreshTicket(refreshToken:$refreshToken,attempt:$attempt){${ticket}}}`,
  signIn:
    "mutation SignInShopper($input:CustomerUserAuthInfoInput!)" +
    `{result:createUserTicket(input:$input){${ticket} claim claimedAnonymousUserId}}`,
  signOut:
    "mutation SignOutShopper($refreshToken:String!,$everywhere:Boolean!)" +
    "{result:revokeTicket(refreshToken:$refreshToken,everywhere:$everywhere){sessionsEnded}}",
  sessions:
    "query ShopperSessions{result:currentShopper{sessions" +
    "{id isCurrent application startedAt refreshedAt expiresAt userAgent}}}",
  endSession: "mutation EndShopperSession($id:ID!){result:endSession(id:$id){sessionsEnded}}",
} as const;

/** Where requests go, and how. */
export interface Wire {
  endpoint: string;
  application: string | undefined;
  fetch: typeof fetch;
}

interface Asking {
  accessToken?: string;
  /** Lets the request outlive its page. */
  keepalive?: boolean;
}

const TIMEOUT = 8_000;

/**
 * Sends one of the documents and returns its result. Throws a ShopperError: with the server's reason,
 * or UNREACHABLE if there is no answer of the server's, for example a proxy's HTML.
 */
export async function ask<Result>(
  wire: Wire,
  document: keyof typeof documents,
  variables?: object,
  { accessToken, keepalive = false }: Asking = {},
): Promise<Result> {
  const headers: Record<string, string> = { accept: "application/json", "content-type": "application/json" };
  if (wire.application) headers["x-application"] = wire.application;
  if (accessToken) headers["authorization"] = `Bearer ${accessToken}`;

  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), TIMEOUT);
  let retryAfter: number | undefined;
  let answer: { data?: { result?: Result } | null; errors?: { message?: string; extensions?: Refusal }[] } | undefined;
  try {
    const response = await wire.fetch(wire.endpoint, {
      method: "POST",
      headers,
      body: JSON.stringify({ query: documents[document], variables }),
      keepalive,
      signal: timeout.signal,
    });
    retryAfter = Number(response.headers.get("retry-after")) || undefined;
    answer = await response.json();
  } catch {
    // Whatever went wrong says nothing about the ticket.
  } finally {
    clearTimeout(timer);
  }

  const error = answer?.errors?.[0];
  if (error?.extensions?.reason) throw new ShopperError(error.message ?? "", error.extensions);
  if (answer?.data?.result) return answer.data.result;
  throw new ShopperError("The ticket server could not be reached.", {
    reason: "UNREACHABLE",
    nextStep: "WAIT",
    retryAfterSeconds: retryAfter,
  });
}
