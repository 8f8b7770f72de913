/** What a client must do now, according to the server. */
export type NextStep = "REFRESH" | "SIGN_IN" | "WAIT" | "FIX_INPUT";

/** What the server adds to an error's message, in its `extensions`. */
export interface Refusal {
  readonly reason: string;
  readonly code?: string;
  readonly nextStep?: NextStep;
  readonly retryAfterSeconds?: number;
  /** The failure's id in the server's log. */
  readonly errorId?: string;
}

/**
 * Every error of this package. `reason` is one of the server's ErrorReason, or one of:
 *
 * - `UNREACHABLE`: no answer from the server came in time.
 * - `SUPERSEDED`: another tab signed in or out while this sign-in was under way, and has won.
 * - `SHOPPER_CHANGED`: the operation was meant for another shopper than the current one.
 * - `DISPOSED`: `dispose` was called.
 * - `COOKIE_TOO_LARGE`: the application has too many behaviors for a ticket in a cookie.
 *
 * It contains no token, no variable and no cause, because errors end up in logs.
 */
export class ShopperError extends Error implements Refusal {
  declare readonly reason: string;
  declare readonly code?: string;
  declare readonly nextStep?: NextStep;
  declare readonly retryAfterSeconds?: number;
  declare readonly errorId?: string;

  constructor(refusal: Refusal, message = refusal.reason) {
    super(message);
    Object.assign(this, refusal, { name: "ShopperError" });
  }
}

/** Reports whether the server wants another access token than the one that was sent. */
export function wantsToken(refusal: { nextStep?: unknown } | undefined): boolean {
  return refusal?.nextStep === "REFRESH" || refusal?.nextStep === "SIGN_IN";
}
