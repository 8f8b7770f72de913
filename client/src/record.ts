import type { WireTicket } from "./wire.js";

/** A ticket as it is stored. Durations and instants are in milliseconds. */
export interface Ticket {
  readonly accessToken: string;
  readonly jwt: string;
  readonly refreshToken: string;
  /** Drawn when the ticket is stored, so that every tab that refreshes it sends the same one. */
  readonly attempt: string;
  readonly sessionId: string;
  readonly userId: string;
  readonly isAnonymous: boolean;
  readonly lifetime: number;
  readonly refreshAfter: number;
  /** By the server's clock. */
  readonly issuedAt: number;
  /** By this device's clock. */
  readonly receivedAt: number;
  /** How old the ticket was when it was received. */
  readonly ageAtReceipt: number;
  /** The anonymous session that this sign-in wanted to claim, and that another customer had claimed. */
  readonly missedClaim?: string | undefined;
}

/** A sign-in has claimed what an anonymous shopper had: the cart is to be merged. */
export interface Claim {
  readonly anonymousUserId: string;
  /** The customer. */
  readonly userId: string;
  /**
   * The JWT of the sign-in, whose `claimed_anonymous_sub` proves the claim to a service that verifies
   * JWTs. It lives as long as an access token.
   */
  readonly proof: string;
}

/** Something that somebody has yet to hear of. It stays stored until they have. */
export interface Errand {
  readonly id: string;
  /** No tab runs the errand before: another one has just taken it, or it has just failed. */
  readonly notBefore: number;
  readonly tries: number;
  readonly signOut?: { readonly refreshToken: string; readonly everywhere: boolean };
  readonly claim?: Claim;
}

/** How the shopper before the present one came to an end. */
export interface End {
  /** The server's reason, for example `SIGNED_OUT`, `TOKEN_REUSED` or `SESSION_ENDED`. */
  readonly reason: string;
  readonly wasCustomer: boolean;
}

/** All that is stored of a shopper. It is never changed in place. */
export interface Stored {
  /** Counts the changes of the ticket. */
  readonly version: number;
  /** Counts how often somebody signed in or out on this device. */
  readonly turn: number;
  readonly ticket?: Ticket | undefined;
  /** The last refresh token of the customer who was here before. */
  readonly deviceToken?: string | undefined;
  readonly end?: End | undefined;
  readonly errands: readonly Errand[];
}

/** What is stored of a shopper before there is anything. */
export const nothing: Stored = { version: 0, turn: 0, errands: [] };

/** What the application is told of the shopper. It holds no token. */
export type ShopperState =
  | { readonly status: "starting" }
  | ({ readonly status: "anonymous"; readonly userId: string; readonly sessionId: string } & Partial<End>)
  | { readonly status: "customer"; readonly userId: string; readonly sessionId: string }
  | ({ readonly status: "ended" } & End);

export const starting: ShopperState = Object.freeze({ status: "starting" });

/** Returns the state of a record: `previous` itself if it says the same. */
export function stateOf({ ticket, end }: Stored, previous: ShopperState): ShopperState {
  let state: ShopperState = starting;
  if (ticket) {
    const { userId, sessionId } = ticket;
    state = ticket.isAnonymous
      ? { status: "anonymous", userId, sessionId, ...end }
      : { status: "customer", userId, sessionId };
  } else if (end) {
    state = { status: "ended", ...end };
  }
  return JSON.stringify(state) === JSON.stringify(previous) ? previous : Object.freeze(state);
}

/** A random text of 32 hexadecimal digits. */
export function draw(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Makes a ticket to store out of the server's. */
export function received(wire: WireTicket, receivedAt: number, ageAtReceipt = 0): Ticket {
  return {
    accessToken: wire.accessToken,
    jwt: wire.jwtAccessToken,
    refreshToken: wire.refreshToken,
    attempt: draw(),
    sessionId: wire.sessionId,
    userId: wire.userId,
    isAnonymous: wire.isAnonymous,
    lifetime: wire.accessTokenLifetime * 1000,
    refreshAfter: wire.refreshAfter * 1000,
    issuedAt: Date.parse(wire.issuedAt),
    receivedAt,
    ageAtReceipt,
  };
}

/** The refresh token that shows the server that the device is known. */
export function deviceTokenOf({ ticket, deviceToken }: Stored): string | undefined {
  return ticket && !ticket.isAnonymous ? ticket.refreshToken : deviceToken;
}

// The steps of the state machine. Each returns the record itself if it does not apply any more.

/** A new anonymous shopper begins, unless another tab was faster. */
export function begun(stored: Stored, ticket: Ticket): Stored {
  return stored.ticket ? stored : { ...stored, ticket };
}

/** The ticket that was sent has been refreshed. */
export function refreshed(stored: Stored, sent: Ticket, ticket: Ticket): Stored {
  return stored.ticket?.refreshToken === sent.refreshToken ? { ...stored, ticket } : stored;
}

/** The server has said that the session of the ticket that was sent is over. */
export function ended(stored: Stored, sent: Ticket, reason: string): Stored {
  return stored.ticket?.refreshToken === sent.refreshToken ? without(stored, reason) : stored;
}

/** The shopper has signed out here. The errand tells the server. */
export function signedOut(stored: Stored, errand: Errand): Stored {
  return { ...without(stored, "SIGNED_OUT"), turn: stored.turn + 1, errands: keep(stored.errands, errand) };
}

/**
 * A customer has signed in. `before` is the record that the sign-in began with. The customer is the
 * shopper now unless somebody signed in or out meanwhile; then the new session ends. Of two customers
 * who sign in at once, the one who got the anonymous shopper's claim wins.
 */
export function signedIn(stored: Stored, before: Stored, ticket: Ticket, claim: Claim | undefined): Stored {
  const last = stored.ticket;
  const mayTakeOver = claim && before.ticket && last?.missedClaim === before.ticket.sessionId;
  if (stored.turn !== before.turn && !mayTakeOver) {
    return { ...stored, errands: keep(stored.errands, revocation(ticket)) };
  }

  const errands = keep(
    stored.errands,
    // The server itself ends a session of the same customer on the same device.
    last && !last.isAnonymous && last.userId !== ticket.userId ? revocation(last) : undefined,
    claim && { id: draw(), notBefore: 0, tries: 0, claim },
  );
  return { ...stored, turn: stored.turn + 1, ticket, deviceToken: undefined, end: undefined, errands };
}

/** An errand that tells the server to end the ticket's session. */
export function revocation({ refreshToken }: Ticket, everywhere = false, notBefore = 0): Errand {
  return { id: draw(), notBefore, tries: 0, signOut: { refreshToken, everywhere } };
}

/** How long a tab has for an errand before another one may take it. */
export const LEASE = 10_000;
const LONGEST_DELAY = 60_000;

/**
 * Takes the errand that is due first, so that no other tab runs it. Returns also the time until the
 * next one is due; Infinity if there is none. Claims wait for their customer.
 */
export function take(stored: Stored, now: number, takesClaims: boolean): [Stored, Errand | undefined, number] {
  const userId = takesClaims ? stored.ticket?.userId : undefined;
  const delays = stored.errands
    .filter(({ claim }) => !claim || claim.userId === userId)
    .map((errand) => ({ errand, delay: delayOf(errand, now) }))
    .sort((one, other) => one.delay - other.delay);
  const first = delays[0];
  if (!first || first.delay > 0) return [stored, undefined, first?.delay ?? Infinity];
  return [changed(stored, first.errand, now + LEASE), first.errand, 0];
}

// No errand waits for longer than a minute, unless the clock was set back meanwhile.
const delayOf = ({ notBefore }: Errand, now: number) => (notBefore > now + LONGEST_DELAY ? 0 : notBefore - now);

/** The errand has failed, and is tried again later: after 1 s, 2 s, 4 s, … 1 min. */
export function postponed(stored: Stored, errand: Errand, now: number): Stored {
  return changed(stored, errand, now + Math.min(1000 * 2 ** errand.tries, LONGEST_DELAY));
}

/** The errand is done. */
export function done(stored: Stored, errand: Errand): Stored {
  return { ...stored, errands: stored.errands.filter(({ id }) => id !== errand.id) };
}

function changed(stored: Stored, errand: Errand, notBefore: number): Stored {
  const errands = stored.errands.map((other) =>
    other.id === errand.id ? { ...errand, notBefore, tries: errand.tries + 1 } : other,
  );
  return { ...stored, errands };
}

const MOST_ERRANDS = 20;

function keep(errands: readonly Errand[], ...more: (Errand | undefined)[]): readonly Errand[] {
  return [...errands, ...more].filter((errand) => errand !== undefined).slice(-MOST_ERRANDS);
}

function without(stored: Stored, reason: string): Stored {
  const { ticket, ...rest } = stored;
  const wasCustomer = ticket?.isAnonymous === false;
  return { ...rest, deviceToken: deviceTokenOf(stored), end: { reason, wasCustomer } };
}
