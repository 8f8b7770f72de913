import type { Ticket } from "./record.js";

// Two clocks, because each fails in its own way: performance.now() stands still while the device
// sleeps, and Date.now() jumps when it is set. It is late when either says so.

const TOLERATED_STEP = 1000;

/** Tells how old tickets are. One for each page: performance.now() counts from the page's start. */
export function createAges(): { since(ticket: Ticket): number; of(ticket: Ticket): number; leastOf(ticket: Ticket): number } {
  let seen = { token: "", at: 0, elapsed: 0 };

  const byDate = (ticket: Ticket) => Date.now() - ticket.receivedAt;
  const byPerformance = (ticket: Ticket) => {
    const at = performance.now();
    if (seen.token !== ticket.refreshToken) {
      seen = { token: ticket.refreshToken, at, elapsed: Math.max(0, byDate(ticket)) };
    }
    return seen.elapsed + at - seen.at;
  };
  const since = (ticket: Ticket) => Math.max(byDate(ticket), byPerformance(ticket));

  return {
    /** The time since the ticket was received, by the clock that counted more. */
    since,

    /** The age of the ticket. After the clock was set back nobody knows: then it is too old. */
    of: (ticket) => (byDate(ticket) < -TOLERATED_STEP ? Infinity : since(ticket) + ticket.ageAtReceipt),

    /** The age of the ticket, by the clock that counted less. */
    leastOf: (ticket) => Math.min(byDate(ticket), byPerformance(ticket)) + ticket.ageAtReceipt,
  };
}
