import { inMemory } from "./memory.js";
import { nothing } from "./record.js";
import { advance, openChannel, type TicketStore } from "./stores.js";

/** Keeps the record in memory: for tests, for scripts, and for a server that has a store per request. */
export const memoryStore = (): TicketStore => inMemory(nothing, advance);

/** Keeps the record in memory, and sends each change to the other tabs. It ends with the last tab. */
export const channelStore = (key: string): TicketStore => inMemory(nothing, advance, openChannel(key));
