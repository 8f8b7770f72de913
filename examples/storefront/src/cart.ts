import { useCallback, useEffect, useRef, useState } from "react";
import { shopper } from "./shopper";

export interface Cart {
  userId: string;
  lines: { product: string; quantity: number }[];
  coupon: string;
}

export const quantity = (cart: Cart | undefined, product: string) =>
  cart?.lines.find((line) => line.product === product)?.quantity ?? 0;

export const count = (cart: Cart | undefined) => cart?.lines.reduce((sum, line) => sum + line.quantity, 0) ?? 0;

// Tells the other tabs of changes.
const tabs = new BroadcastChannel("cart");

// Asks the cart service. shopper.fetch sends the ticket's JWT, and repeats the request once with
// the next ticket.
async function ask(method: string, path: string, body?: object): Promise<Cart> {
  const init = { method, body: body && JSON.stringify(body), signal: AbortSignal.timeout(10_000) };
  const response = await shopper.fetch(path, init).catch(() => undefined);
  const answer = await response?.json().catch(() => undefined);
  if (!response?.ok) throw new Error(answer?.error_description ?? "The cart cannot be reached at the moment.");
  if (method !== "GET") tabs.postMessage("changed");
  return answer;
}

// Returns the cart of the shopper with this id. It is read again when another tab has changed it,
// or when a guest's cart was merged. It is also read when the tab comes to the front, or when the
// network is back.
export function useCart(userId: string | undefined) {
  const [cart, setCart] = useState<Cart>();
  const [error, setError] = useState<string>();
  const confirmed = useRef<Cart>(undefined);
  const last = useRef<Promise<unknown>>(Promise.resolve());

  // One request after the other, so that the last click counts. Only the answer to the last one is
  // shown. If that request fails, the last confirmed cart is shown.
  const run = useCallback((method: string, path: string, body?: object) => {
    const turn = last.current.then(async () => {
      const present = shopper.getState();
      if (!("userId" in present) || present.userId !== userId) return; // it was meant for the previous shopper

      let failure: string | undefined;
      try {
        confirmed.current = await ask(method, path, body);
      } catch (error) {
        failure = (error as Error).message;
      }
      if (last.current === turn) {
        setCart(confirmed.current);
        setError(failure);
      }
    });
    last.current = turn;
  }, [userId]);

  useEffect(() => {
    setCart(undefined);
    setError(undefined);
    if (!userId) return;
    const read = () => run("GET", "/cart");
    read();
    tabs.addEventListener("message", read);
    addEventListener("focus", read);
    addEventListener("online", read);
    return () => {
      tabs.removeEventListener("message", read);
      removeEventListener("focus", read);
      removeEventListener("online", read);
    };
  }, [userId, run]);

  return {
    // The cart of the previous shopper is not shown.
    cart: cart?.userId === userId ? cart : undefined,
    error,
    put(product: string, quantity: number) {
      setCart((cart) => cart && withLine(cart, product, quantity)); // shown at once
      run("PUT", `/cart/lines/${product}`, { quantity });
    },
    setCoupon: (coupon: string) => run("PUT", "/cart/coupon", { coupon }),
  };
}

function withLine(cart: Cart, product: string, quantity: number): Cart {
  const others = cart.lines.filter((line) => line.product !== product);
  return { ...cart, lines: quantity > 0 ? [...others, { product, quantity }].sort(byProduct) : others };
}

const byProduct = (one: Cart["lines"][number], other: Cart["lines"][number]) => (one.product < other.product ? -1 : 1);
