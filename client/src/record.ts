import type { Refusal } from "./error.js";
import type { WireTicket } from "./wire.js";

/** A ticket as it is stored. */
export interface Ticket extends WireTicket {
  /** Drawn when the ticket is stored, so that every tab refreshes it with the same one. */
  readonly attempt: string;
  /** By this device's clock, in milliseconds. */
  readonly receivedAt: number;
  /** How old the ticket was when it was received, in milliseconds. */
  readonly ageAtReceipt: number;
  /** The anonymous session that this sign-in tried to claim, but another customer had claimed. */
  readonly missedClaim?: string | undefined;
}

/** A sign-in has claimed the belongings of an anonymous shopper: the cart must be merged. */
export interface Claim {
  readonly anonymousUserId: string;
  /** The customer. */
  readonly userId: string;
  /**
   * The JWT of the sign-in, whose `claimed_anonymous_sub` proves the claim to a service that
   * verifies JWTs. It has the lifetime of an access token, and like one it belongs in no log.
   */
  readonly proof: string;
}

/** A sign-out that the server does not know of yet. */
export interface SignOut {
  readonly refreshToken: string;
  readonly everywhere: boolean;
}

/** A message that must still be delivered: a sign-out to the server, or a claim to `onClaim`. */
export interface Errand {
  readonly id: string;
  /** No tab runs the errand before this time: a tab has just taken it, or it has just failed. */
  readonly notBefore: number;
  readonly tries: number;
  readonly message: SignOut | Claim;
}

/** Why the previous shopper is gone. */
export interface End {
  /**
   * The server's reason, for example `SIGNED_OUT`, `TOKEN_REUSED` or `SESSION_ENDED`. Or it is
   * `SUPERSEDED`: two customers signed in at once, and the one that was shown first has lost.
   */
  readonly reason: string;
  readonly wasCustomer: boolean;
}

/** Everything that is stored about a shopper. It is never changed in place. */
export interface Stored {
  /** Counts the changes of the ticket. */
  readonly version: number;
  /** Counts how often somebody signed in or out on this device. */
  readonly turn: number;
  readonly ticket?: Ticket | undefined;
  /** The last refresh token of the last customer. It shows the server that it knows the device. */
  readonly deviceToken?: string | undefined;
  readonly end?: End | undefined;
  /**
   * A refresh token of a guest whom a sign-in has claimed, although its answer was lost. The next
   * sign-in repeats the claim.
   */
  readonly guestToken?: string | undefined;
  readonly errands: readonly Errand[];
}

/** The record before anything is stored. */
export const nothing: Stored = { version: 0, turn: 0, errands: [] };

/** What the application knows about the shopper. It contains no token. */
export type ShopperState =
  | { readonly status: "starting" }
  | ({ readonly status: "anonymous" | "customer"; readonly userId: string; readonly sessionId: string } & Partial<End>)
  | ({ readonly status: "ended" } & End);

export const starting: ShopperState = { status: "starting" };

/** Returns the id of the user whose data the page may show, or undefined without a shopper. */
export function userIdOf(state: ShopperState): string | undefined {
  return "userId" in state ? state.userId : undefined;
}

/** Returns the state of a record. If it equals `previous`, that object is returned. */
export function stateOf(stored: Stored, previous: ShopperState): ShopperState {
  const state = describe(stored);
  return JSON.stringify(state) === JSON.stringify(previous) ? previous : state;
}

function describe({ ticket, end }: Stored): ShopperState {
  if (!ticket) return end ? { status: "ended", ...end } : starting;
  const { isAnonymous, userId, sessionId } = ticket;
  return { status: isAnonymous ? "anonymous" : "customer", userId, sessionId, ...end };
}

/** A random text of digits. It has 128 bits, and works on pages without TLS too. */
export const draw = () => crypto.getRandomValues(new Uint32Array(4)).join("");

/** Makes a ticket to store from the server's ticket. */
export function received(ticket: WireTicket, ageAtReceipt = 0): Ticket {
  return { ...ticket, attempt: draw(), receivedAt: Date.now(), ageAtReceipt };
}

// The steps of the state machine. Each returns the given record if it no longer applies.

/**
 * The ticket that was sent is no longer the newest: another one follows, or the session has ended
 * for a reason. If nothing was sent, a new anonymous shopper begins.
 */
export function followed(stored: Stored, sent: Ticket | undefined, next: Ticket | string): Stored {
  if (stored.ticket?.refreshToken !== sent?.refreshToken) return stored;
  return typeof next === "string" ? without(stored, next) : holding(stored, next);
}

/** The shopper has signed out here. An errand tells the server. */
export function signedOut(stored: Stored, everywhere: boolean): Stored {
  const { ticket, turn } = stored;
  if (!ticket) return { ...stored, turn: turn + 1 };
  const { refreshToken } = ticket;
  return withErrands({ ...without(stored, "SIGNED_OUT"), turn: turn + 1 }, { refreshToken, everywhere });
}

/**
 * A customer has signed in. `before` is the record that the sign-in began with. The customer
 * becomes the shopper, unless somebody signed in or out meanwhile. In that case, the new session
 * ends. If two customers sign in at once, the one who claimed the anonymous shopper wins.
 */
export function signedIn(stored: Stored, before: Stored, ticket: Ticket): Stored {
  const { ticket: last, turn } = stored;
  const { claimedAnonymousUserId: anonymousUserId, userId, jwtAccessToken: proof } = ticket;
  const isLate = turn !== before.turn;
  const mayTakeOver = anonymousUserId && last?.missedClaim === before.ticket?.sessionId;
  if (isLate && !mayTakeOver) return withErrands(stored, endOf(ticket));

  const end = isLate ? { reason: "SUPERSEDED", wasCustomer: true } : undefined;
  return withErrands(
    { ...holding(stored, ticket), turn: turn + 1, end, guestToken: undefined },
    // The server itself ends a session of the same customer on the same device.
    last && !last.isAnonymous && last.userId !== userId && endOf(last),
    anonymousUserId && { anonymousUserId, userId, proof },
  );
}

const endOf = ({ refreshToken }: Ticket) => ({ refreshToken, everywhere: false });

function without(stored: Stored, reason: string): Stored {
  const end = { reason, wasCustomer: stored.ticket?.isAnonymous === false };
  const guestToken = reason === "SIGNED_IN" ? stored.ticket?.refreshToken : undefined;
  return { ...stored, ticket: undefined, end, guestToken };
}

function holding(stored: Stored, ticket: Ticket): Stored {
  return { ...stored, ticket, deviceToken: ticket.isAnonymous ? stored.deviceToken : ticket.refreshToken };
}

// Errands.

const LEASE = 10_000;
const LONGEST_DELAY = 60_000;
const MOST_ERRANDS = 20;

function withErrands(stored: Stored, ...messages: (SignOut | Claim | false | "" | null | undefined)[]): Stored {
  const added = messages.flatMap((message) => (message ? { id: draw(), notBefore: 0, tries: 0, message } : []));
  return { ...stored, errands: [...stored.errands, ...added].slice(-MOST_ERRANDS) };
}

/**
 * Takes the errand that is due first, so that no other tab runs it for 10 s. It also returns the
 * time until the next one is due, or Infinity if there is none. Claims wait for their customer.
 * Errands that run in this page are left out.
 */
export function take(
  stored: Stored,
  takesClaims: unknown,
  running: ReadonlyMap<string, unknown>,
): [Stored, Errand | undefined, number] {
  const userId = takesClaims && stored.ticket?.userId;
  const [first] = stored.errands
    .filter(({ id, message }) => !running.has(id) && (!("userId" in message) || message.userId === userId))
    .sort((one, other) => one.notBefore - other.notBefore);
  if (!first) return [stored, first, Infinity];

  const delay = first.notBefore - Date.now();
  // No errand waits for longer than the longest delay, unless the clock was set back meanwhile.
  return delay > 0 && delay <= LONGEST_DELAY ? [stored, undefined, delay] : [put(stored, first, LEASE), first, 0];
}

/**
 * The errand is done, or it has failed. A failed one is tried again after 1 s, 2 s, 4 s, … 1 min.
 * If the server names a longer time, that counts.
 */
export function tried(stored: Stored, errand: Errand, failure?: Partial<Refusal>): Stored {
  const { retryAfterSeconds = 0 } = failure ?? {};
  const delay = Math.min(1000 * Math.max(2 ** errand.tries, retryAfterSeconds), LONGEST_DELAY);
  return put(stored, errand, failure ? delay : 0);
}

// Postpones the errand, or removes it if there is no delay.
function put(stored: Stored, { id, tries }: Errand, delay: number): Stored {
  const errands = stored.errands.flatMap((errand) => {
    if (errand.id !== id) return errand;
    return delay ? { ...errand, notBefore: Date.now() + delay, tries: tries + 1 } : [];
  });
  return { ...stored, errands };
}
