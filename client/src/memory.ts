import type { Stored } from "./record.js";
import type { advance, TicketStore } from "./stores.js";

// This module imports nothing, so that bundlers can load it only where it is needed.

const LONGEST_GREETING = 100;

/**
 * Keeps the record in memory. With a channel, tabs send each other their records. If two tabs write
 * at once, both arrive at the same ticket. Each tab runs its own errands.
 */
export function inMemory(nothing: Stored, apply: typeof advance, channel?: BroadcastChannel): TicketStore {
  let stored = nothing;

  // A new tab sends its empty record, and tabs that have more answer.
  const greeting = new Promise<unknown>((greeted) => {
    if (!channel) return greeted(0);
    setTimeout(greeted, LONGEST_GREETING);
    channel.onmessage = ({ data }) => {
      if (rank(data) > rank(stored)) {
        stored = { ...data, errands: stored.errands };
        greeted(0);
      } else if (rank(data) < rank(stored)) {
        channel?.postMessage(stored);
      }
    };
    channel.postMessage(stored);
  });

  return {
    async read() {
      await greeting;
      return stored;
    },
    async update(change) {
      await greeting;
      const before = stored;
      stored = apply(before, change);
      if (rank(stored) !== rank(before)) channel?.postMessage(stored);
      return stored;
    },
    watch: (listener) => channel?.addEventListener("message", listener),
    close() {
      channel?.close();
      channel = undefined; // a change may still be under way
    },
  };
}

// If two tabs have different records, the one with the higher rank stays. Of two guests that is the
// older one, who has the cart.
function rank({ turn, version, ticket }: Stored): string {
  const changes = (turn + 1e4) * 1e6 + version;
  return `${changes} ${ticket && 9e15 - ticket.receivedAt} ${ticket?.attempt}`;
}
