import { type Cart, quantity } from "./cart";

export interface Product {
  id: string;
  name: string;
  about: string;
  cents: number;
  colour: string; // of the tea in the cup
}

export const products: Product[] = [
  { id: "sencha", name: "Sencha", about: "Green tea, steamed. Fresh, a little grassy.", cents: 890, colour: "#a9b665" },
  { id: "earl-grey", name: "Earl Grey", about: "Black tea with bergamot.", cents: 750, colour: "#9c5a2c" },
  { id: "assam", name: "Assam", about: "Strong and malty. Takes milk well.", cents: 690, colour: "#7a3418" },
  { id: "rooibos", name: "Rooibos", about: "No caffeine, with a hint of vanilla.", cents: 640, colour: "#b8452a" },
  { id: "chamomile", name: "Chamomile", about: "Whole flowers, for the evening.", cents: 590, colour: "#e0b84c" },
  { id: "hibiscus", name: "Hibiscus", about: "Deep red and sour. Good with ice.", cents: 620, colour: "#a3163f" },
];

const euros = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });

export const price = (cents: number) => euros.format(cents / 100);

interface Props {
  cart: Cart | undefined;
  put: (product: string, quantity: number) => void;
}

export function Products({ cart, put }: Props) {
  return (
    <ul className="products">
      {products.map(({ id, name, about, cents, colour }) => (
        <li key={id} className="card">
          <div className="cup" style={{ "--tea": colour } as React.CSSProperties} aria-hidden="true" />
          <h2>{name}</h2>
          <p>{about}</p>
          <footer>
            <strong>{price(cents)}</strong>
            <button disabled={!cart} onClick={() => put(id, quantity(cart, id) + 1)} aria-label={`Add ${name}`}>
              Add to cart
            </button>
          </footer>
        </li>
      ))}
    </ul>
  );
}
