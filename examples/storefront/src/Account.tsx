import { useMutation, useQuery } from "@apollo/client/react";
import { ShopperError } from "@authtickets/client";
import { type FormEvent, useState } from "react";
import { EndSessionDocument, SessionsDocument } from "./gql/graphql";
import { whyRefused } from "./reasons";
import { shopper } from "./shopper";

export function SignIn() {
  const [error, setError] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setIsBusy(true);
    setError(undefined);
    try {
      await shopper.signIn({ username: String(form.get("username")), password: String(form.get("password")) });
      location.hash = "#/";
    } catch (failure) {
      if (!(failure instanceof ShopperError)) throw failure;
      setError(whyRefused(failure.reason, failure.retryAfterSeconds));
    } finally {
      setIsBusy(false);
    }
  }

  return (
    <section className="card stack">
      <h1>Sign in</h1>
      <form onSubmit={submit}>
        <label>
          Name or e-mail address
          <input name="username" autoComplete="username" required defaultValue="demo" />
        </label>
        <label>
          Password
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        <button className="main" disabled={isBusy}>
          Sign in
        </button>
      </form>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
      <p className="quiet">The sample customer’s password is “correct horse battery staple”. Your cart comes along.</p>
    </section>
  );
}

export function Account({ name }: { name: string }) {
  const { data, refetch } = useQuery(SessionsDocument, { fetchPolicy: "cache-and-network" });
  const [end] = useMutation(EndSessionDocument, { onCompleted: () => void refetch() });

  return (
    <section className="card stack">
      <h1>Hello {name}</h1>
      <div>
        <h2>Where you are signed in</h2>
        <ul className="sessions">
          {data?.currentShopper.sessions.map(({ id, isCurrent, userAgent, startedAt, refreshedAt }) => (
            <li key={id} data-session={id}>
              <span>
                {device(userAgent)} {isCurrent && <strong>(here)</strong>}
                <br />
                <small>
                  since {time(startedAt)}, last seen {time(refreshedAt)}
                </small>
              </span>
              {!isCurrent && <button onClick={() => void end({ variables: { id } })}>End</button>}
            </li>
          ))}
        </ul>
      </div>
      <div className="row">
        <button onClick={() => void shopper.signOut()}>Sign out</button>
        <button onClick={() => void shopper.signOut({ everywhere: true })}>Sign out everywhere</button>
      </div>
    </section>
  );
}

function device(userAgent: string) {
  const browser = userAgent.match(/Firefox|Edg|Chrome|Safari/)?.[0].replace("Edg", "Edge") ?? "A browser";
  const system = userAgent.match(/Android|iPhone|iPad|Windows|Mac|Linux/)?.[0];
  return system ? `${browser} on ${system}` : browser;
}

const times = new Intl.DateTimeFormat("en-IE", { dateStyle: "medium", timeStyle: "short" });

const time = (instant: string) => times.format(new Date(instant));
