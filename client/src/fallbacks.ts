import { inMemory } from "./memory.js";
import { nothing } from "./record.js";
import { advance, openChannel, type TicketStore } from "./stores.js";

/** Keeps the record in memory: for tests and scripts, and on servers for a single request. */
export const memoryStore = (): TicketStore => inMemory(nothing, advance);

/**
 * Keeps the record in memory, and sends changes to the other tabs. It is gone when the last tab
 * closes.
 */
export const channelStore = (key: string): TicketStore => inMemory(nothing, advance, openChannel(key));
