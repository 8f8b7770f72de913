import { type Refusal, ShopperError } from "./error.js";

/** A ticket as the server writes it. Lifetimes are in seconds. */
export interface WireTicket {
  readonly accessToken: string;
  readonly accessTokenLifetime: number;
  readonly refreshToken: string;
  readonly refreshAfter: number;
  readonly issuedAt: string;
  readonly sessionId: string;
  readonly userId: string;
  readonly isAnonymous: boolean;
  readonly jwtAccessToken: string;
  readonly claim?: string;
  readonly claimedAnonymousUserId?: string | null;
}

/** A session of the customer, on this device or another. Times are RFC 3339, in UTC. */
export interface Session {
  readonly id: string;
  readonly isCurrent: boolean;
  readonly application: string;
  readonly startedAt: string;
  readonly refreshedAt: string;
  readonly expiresAt: string;
  readonly userAgent: string;
}

const fields =
  "accessToken accessTokenLifetime refreshToken refreshAfter issuedAt sessionId userId isAnonymous jwtAccessToken";

/** The documents that this package sends. A server with `--operations-only` must know them. */
export const documents = {
  begin: `mutation Begin{result:anonymousShopperTicket{${fields}}}`,
  refresh:
    "mutation Refresh($refreshToken:String!,$attempt:String)" +
    `{result:refreshTicket(refreshToken:$refreshToken,attempt:$attempt){${fields}}}`,
  signIn:
    "mutation SignIn($input:CustomerUserAuthInfoInput!)" +
    `{result:createUserTicket(input:$input){${fields} claim claimedAnonymousUserId}}`,
  signOut:
    "mutation SignOut($refreshToken:String!,$everywhere:Boolean!)" +
    "{result:revokeTicket(refreshToken:$refreshToken,everywhere:$everywhere){sessionsEnded}}",
  sessions:
    "query Sessions{result:currentShopper{sessions" +
    "{id isCurrent application startedAt refreshedAt expiresAt userAgent}}}",
  endSession: "mutation EndSession($id:ID!){result:endSession(id:$id){sessionsEnded}}",
} as const;

const TIMEOUT = 8_000;

/**
 * Sends a document and returns its result. It throws a ShopperError with the server's reason, or
 * with UNREACHABLE if the server does not answer. A proxy's HTML is not the server's answer.
 */
export type Call = <Result>(
  document: keyof typeof documents,
  variables?: object,
  via?: typeof fetch,
) => Promise<Result>;

export function createCall(endpoint: string, application: string | undefined, send: typeof fetch): Call {
  return async (document, variables, via = send) => {
    let answer;
    try {
      const response = await via(endpoint, {
        method: "POST",
        headers: { "content-type": "application/json", ...(application && { "x-application": application }) },
        body: JSON.stringify({ query: documents[document], variables }),
        // A sign-out outlives its page.
        keepalive: document === "signOut",
        signal: AbortSignal.timeout(TIMEOUT),
      });
      answer = await response.json();
    } catch (error) {
      if (error instanceof ShopperError) throw error;
      // Any other error reveals nothing about the ticket.
    }

    const error: { message: string; extensions?: Refusal } | undefined = answer?.errors?.[0];
    if (error?.extensions?.reason) throw new ShopperError(error.extensions, error.message);
    if (answer?.data?.result) return answer.data.result;
    throw new ShopperError({ reason: "UNREACHABLE", nextStep: "WAIT" });
  };
}
