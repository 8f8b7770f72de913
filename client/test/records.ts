import type { Stored, Ticket } from "../src/record.js";

/** A ticket to store, of an anonymous shopper. */
export function ticketOf(refreshToken: string, more: Partial<Ticket> = {}): Ticket {
  return {
    accessToken: `access ${refreshToken}`,
    jwtAccessToken: `jwt ${refreshToken}`,
    refreshToken,
    attempt: `attempt ${refreshToken}`,
    accessTokenLifetime: 900,
    refreshAfter: 675,
    issuedAt: new Date(0).toISOString(),
    receivedAt: 0,
    ageAtReceipt: 0,
    sessionId: "session",
    userId: "user",
    isAnonymous: true,
    ...more,
  };
}

export function errandsOf(...ids: string[]): Stored["errands"] {
  return ids.map((id) => ({ id, notBefore: 0, tries: 0, message: { refreshToken: id, everywhere: false } }));
}
