import { type FormEvent } from "react";
import { type Cart } from "./cart";
import { price, products } from "./Products";

interface Props {
  cart: Cart | undefined;
  behaviors: string[];
  put: (product: string, quantity: number) => void;
  setCoupon: (coupon: string) => void;
}

export function CartPage({ cart, behaviors, put, setCoupon }: Props) {
  const lines = (cart?.lines ?? []).flatMap(({ product, quantity }) => {
    const found = products.find(({ id }) => id === product);
    return found ? [{ ...found, quantity }] : [];
  });
  const sum = lines.reduce((sum, { cents, quantity }) => sum + cents * quantity, 0);
  const discount = cart?.coupon === "TEA10" ? Math.round(sum / 10) : 0;

  return (
    <section className="card stack">
      <h1>Your cart</h1>
      {cart && lines.length === 0 && <p className="quiet">There is nothing in it yet.</p>}
      <ul className="lines">
        {lines.map(({ id, name, cents, quantity }) => (
          <li key={id}>
            <span className="name">{name}</span>
            <button onClick={() => put(id, quantity - 1)} aria-label={`One ${name} less`}>
              −
            </button>
            <output>{quantity}</output>
            <button onClick={() => put(id, quantity + 1)} aria-label={`One ${name} more`}>
              +
            </button>
            <span className="sum">{price(cents * quantity)}</span>
          </li>
        ))}
      </ul>
      {discount > 0 && (
        <p className="total">
          <span>Coupon {cart?.coupon}</span> <span>−{price(discount)}</span>
        </p>
      )}
      <p className="total">
        <span>Total</span> <span>{price(sum - discount)}</span>
      </p>
      <Coupon allowed={behaviors.includes("coupons.use")} setCoupon={setCoupon} />
    </section>
  );
}

// A field that is guarded by a behavior. Disabling it is only a courtesy, because the cart service
// refuses the request anyway.
function Coupon({ allowed, setCoupon }: { allowed: boolean; setCoupon: Props["setCoupon"] }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setCoupon(String(new FormData(event.currentTarget).get("coupon")).toUpperCase());
  };

  return (
    <form onSubmit={submit}>
      <label>
        Coupon
        <input name="coupon" placeholder={allowed ? "TEA10" : ""} disabled={!allowed} />
      </label>
      <button disabled={!allowed}>Use</button>
      {!allowed && <small>Your ticket does not have the behavior coupons.use, so this field is locked.</small>}
    </form>
  );
}
