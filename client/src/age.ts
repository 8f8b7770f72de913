import type { Ticket } from "./record.js";

// There are two clocks, because each fails in its own way. performance.now() stands still while the
// device sleeps, and Date.now() jumps when it is set. The clock that shows more time counts.

const TOLERATED_STEP = 1000;

/** Measures how old tickets are, in milliseconds. Each page has one, like performance.now(). */
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
    /** The time since the ticket was received, by the clock that shows more. */
    since,

    /**
     * The age of the ticket. If the clock was set back, the age is unknown, and counts as too old.
     */
    of: (ticket: Ticket) => (byDate(ticket) < -TOLERATED_STEP ? Infinity : since(ticket) + ticket.ageAtReceipt),
  };
}
