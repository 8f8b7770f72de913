import { ApolloLink, Observable } from "@apollo/client/core";

import { ShopperError, wantsToken } from "./error.js";
import { userIdOf } from "./record.js";
import type { Shopper } from "./shopper.js";

export interface ShopperLinkOptions {
  /** Sends the ticket's JWT, for an API that verifies tickets by itself. */
  jwt?: boolean;
}

/**
 * Makes the link that sends the shopper's token with each operation. Put it before the HttpLink.
 *
 * - An operation whose token is refused is repeated once, with another one.
 * - If the shopper changes while a query is under way, the answer is dropped, and the query is
 *   repeated once for the new shopper. Mutations and subscriptions fail with SHOPPER_CHANGED then.
 */
export function shopperLink(shopper: Shopper, { jwt }: ShopperLinkOptions = {}): ApolloLink {
  return new ApolloLink((operation, forward) => {
    const isQuery = operation.query.definitions.every(
      (definition) => definition.kind !== "OperationDefinition" || definition.operation === "query",
    );

    return new Observable((observer) => {
      let intended = userIdOf(shopper.getState());
      let mayRepeat = true;
      let run = 0;
      let subscription: { unsubscribe(): void } | undefined;

      // A later link may throw at once.
      const send = (refused?: string) => {
        const own = ++run;
        sendAs(own, refused).catch((error) => own === run && observer.error(error));
      };

      const sendAs = async (own: number, refused?: string) => {
        const { token, userId } = await shopper.bearer({ jwt, refused });
        if (own !== run) return;

        if (!isQuery && intended && intended !== userId) return fail();
        intended = userId;
        operation.setContext(({ headers }) => ({ headers: { ...headers, authorization: `Bearer ${token}` } }));

        const repeat = (refused?: string) => {
          mayRepeat = false;
          subscription?.unsubscribe();
          send(refused);
        };
        const hasChanged = () => userIdOf(shopper.getState()) !== userId;

        subscription = forward(operation).subscribe({
          next(result) {
            if (own !== run) return;
            const isRefused = result.errors?.some(({ extensions }) => wantsToken(extensions));
            if (isRefused && mayRepeat) return repeat(token);
            if (!hasChanged()) {
              mayRepeat = false;
              observer.next(result);
            } else if (isQuery && mayRepeat) {
              repeat();
            } else {
              fail();
            }
          },
          error(error) {
            if (own !== run) return;
            if (error?.statusCode === 401 && mayRepeat) repeat(token);
            else observer.error(error);
          },
          complete() {
            if (own === run) observer.complete();
          },
        });
      };

      const fail = () => {
        run++;
        subscription?.unsubscribe();
        observer.error(new ShopperError({ reason: "SHOPPER_CHANGED" }));
      };

      send();
      return () => {
        run++;
        subscription?.unsubscribe();
      };
    });
  });
}

/** What `clearOnChange` needs of an Apollo Client. */
export interface ClearableClient {
  cache: { reset(): Promise<void> };
  reFetchObservableQueries(): Promise<unknown>;
}

/**
 * Clears the cache when the shopper changes, and fetches again what is on the page. Unlike
 * `client.resetStore()` it rejects no query in flight. Call the returned function to end that.
 */
export function clearOnChange(client: ClearableClient, shopper: Shopper): () => void {
  let shown = userIdOf(shopper.getState());

  return shopper.subscribe(() => {
    const userId = userIdOf(shopper.getState());
    const hasData = shown !== undefined && shown !== userId;
    shown = userId;
    if (hasData) {
      // Each query reports its own failure.
      client.cache
        .reset()
        .then(() => client.reFetchObservableQueries())
        .catch(() => {});
    }
  });
}
