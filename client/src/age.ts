import type { Ticket } from "./record.js";

// Two clocks, because each fails in its own way: performance.now() stands still while the device
// sleeps, and Date.now() jumps when it is set. It is late when either says so.

const TOLERATED_STEP = 1000;

/** Tells how old tickets are, in milliseconds. One for each page, as performance.now() is. */
export function createAges() {
  let seen = { attempt: "", at: 0, elapsed: 0 };

  const byDate = ({ receivedAt }: Ticket) => Date.now() - receivedAt;
  const byPerformance = (ticket: Ticket) => {
    const at = performance.now();
    if (seen.attempt !== ticket.attempt) seen = { attempt: ticket.attempt, at, elapsed: Math.max(0, byDate(ticket)) };
    return seen.elapsed + at - seen.at;
  };
  const since = (ticket: Ticket) => Math.max(byDate(ticket), byPerformance(ticket));

  return {
    /** The time since the ticket was received, by the clock that counted more. */
    since,

    /** The age of the ticket. After the clock was set back nobody knows: then it is too old. */
    of: (ticket: Ticket) => (byDate(ticket) < -TOLERATED_STEP ? Infinity : since(ticket) + ticket.ageAtReceipt),
  };
}
