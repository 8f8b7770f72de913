import { useSyncExternalStore } from "react";

import { type ShopperState, starting } from "./record.js";
import type { Shopper } from "./shopper.js";

const onServer = () => starting;

/** Returns the shopper's state, and renders again when it changes. On a server it is "starting". */
export function useShopper(shopper: Shopper): ShopperState {
  return useSyncExternalStore(shopper.subscribe, shopper.getState, onServer);
}
