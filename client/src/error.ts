/** What a client does now, as the server says it. */
export type NextStep = "REFRESH" | "SIGN_IN" | "WAIT" | "FIX_INPUT";

/** What the server says beside an error's message, in its `extensions`. */
export interface Refusal {
  readonly reason: string;
  readonly code?: string | undefined;
  readonly nextStep?: NextStep | undefined;
  readonly retryAfterSeconds?: number | undefined;
}

/**
 * Every error of this package. `reason` is one of the server's ErrorReason, or one of:
 *
 * - `UNREACHABLE`: no answer of the server came in time.
 * - `SUPERSEDED`: another tab signed in or out while this sign-in was under way, and has won.
 * - `SHOPPER_CHANGED`: the operation was meant for another shopper than the present one.
 * - `DISPOSED`: the shopper was disposed of.
 *
 * It holds no token, no variable and no cause, because errors end up in logs.
 */
export class ShopperError extends Error implements Refusal {
  override readonly name = "ShopperError";
  readonly reason: string;
  readonly code: string | undefined;
  readonly nextStep: NextStep | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, refusal: Refusal) {
    super(message);
    this.reason = refusal.reason;
    this.code = refusal.code;
    this.nextStep = refusal.nextStep;
    this.retryAfterSeconds = refusal.retryAfterSeconds;
  }
}

/** Reports whether the server wants another access token than the one it was sent. */
export function wantsToken(refusal: { nextStep?: unknown } | undefined): boolean {
  return refusal?.nextStep === "REFRESH" || refusal?.nextStep === "SIGN_IN";
}
