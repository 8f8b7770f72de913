import type { Ticket } from "./record.js";

// Two clocks, because each fails in its own way: performance.now() stands still while the device
// sleeps, and Date.now() jumps when it is set. It is late when either says so.

const TOLERATED_STEP = 1000;

/** Tells how old tickets are, in milliseconds. One for each page, as performance.now() is. */
export function createAges() {
  let seen = { attempt: "", receivedAt: 0 };

  const byDate = ({ receivedAt }: Ticket) => Date.now() - receivedAt;
  const byPerformance = (ticket: Ticket) => {
    const now = performance.now();
    const { attempt } = ticket;
    if (seen.attempt !== attempt) seen = { attempt, receivedAt: now - Math.max(0, byDate(ticket)) };
    return now - seen.receivedAt;
  };
  const since = (ticket: Ticket) => Math.max(byDate(ticket), byPerformance(ticket));

  return {
    /** The time since the ticket was received, by the clock that counted more. */
    since,

    /** The age of the ticket. After the clock was set back nobody knows: then it is too old. */
    of: (ticket: Ticket) => (byDate(ticket) < -TOLERATED_STEP ? Infinity : since(ticket) + ticket.ageAtReceipt),
  };
}
