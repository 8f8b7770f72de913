import { ApolloProvider, useQuery } from "@apollo/client/react";
import { useShopper } from "@authtickets/client/react";
import { type ReactNode, StrictMode, useState, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { Account, SignIn } from "./Account";
import { count, useCart } from "./cart";
import { CartPage } from "./CartPage";
import { CurrentShopperDocument } from "./gql/graphql";
import { Inspector } from "./Inspector";
import { Products } from "./Products";
import { whyEnded } from "./reasons";
import { client, shopper } from "./shopper";
import "./style.css";

function App() {
  const state = useShopper(shopper);
  const page = useSyncExternalStore(onBrowserEvent, () => location.hash);
  const isOffline = useSyncExternalStore(onBrowserEvent, () => !navigator.onLine);
  const userId = "userId" in state ? state.userId : undefined;
  const isCustomer = state.status === "customer";
  const { cart, error, put, setCoupon } = useCart(userId);
  const { data } = useQuery(CurrentShopperDocument);
  const me = data?.currentShopper.userId === userId ? data?.currentShopper : undefined;
  const name = me?.customerAccount.firstName ?? "Account";

  return (
    <div className="shop">
      <header>
        <a className="brand" href="#/">
          Leaf and Cup
        </a>
        <Link to="#/" page={page}>
          Tea
        </Link>
        <Link to="#/cart" page={page}>
          Cart <span className="count">{count(cart)}</span>
        </Link>
        <Link to="#/account" page={page}>
          {state.status === "starting" ? "…" : isCustomer ? name : "Sign in"}
        </Link>
      </header>
      {isOffline && <Notice>No network. You stay signed in.</Notice>}
      {!isOffline && error && <Notice>{error}</Notice>}
      {"reason" in state && state.reason && state.wasCustomer && <Farewell key={state.reason} reason={state.reason} />}
      <main>
        {page === "#/cart" && <CartPage cart={cart} behaviors={me?.behaviors ?? []} put={put} setCoupon={setCoupon} />}
        {page === "#/account" && state.status !== "starting" && (isCustomer ? <Account name={name} /> : <SignIn />)}
        {page !== "#/cart" && page !== "#/account" && <Products cart={cart} put={put} />}
      </main>
      <Inspector state={state} />
    </div>
  );
}

function onBrowserEvent(listener: () => void) {
  const events = ["hashchange", "online", "offline"];
  events.forEach((event) => addEventListener(event, listener));
  return () => events.forEach((event) => removeEventListener(event, listener));
}

function Link({ to, page, children }: { to: string; page: string; children: ReactNode }) {
  const isHere = to === (page || "#/");
  return (
    <a href={to} aria-current={isHere ? "page" : undefined}>
      {children}
    </a>
  );
}

function Notice({ children }: { children: ReactNode }) {
  return (
    <div className="notice" role="status">
      {children}
    </div>
  );
}

function Farewell({ reason }: { reason: string }) {
  const [isSeen, setIsSeen] = useState(false);
  if (isSeen) return null;
  return (
    <Notice>
      {whyEnded(reason)}
      <button onClick={() => setIsSeen(true)}>OK</button>
    </Notice>
  );
}

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <ApolloProvider client={client}>
      <App />
    </ApolloProvider>
  </StrictMode>,
);
