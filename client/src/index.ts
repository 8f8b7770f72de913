export { type NextStep, type Refusal, ShopperError } from "./error.js";
export type { Claim, End, ShopperState } from "./record.js";
export {
  type Bearer,
  createShopper,
  type Shopper,
  type ShopperOptions,
  type SignedIn,
  type TokenOptions,
} from "./shopper.js";
export { channelStore, memoryStore } from "./fallbacks.js";
export { indexedDBStore, pageStore, type StoreFactory, type TicketStore } from "./stores.js";
export { documents, type Session } from "./wire.js";
