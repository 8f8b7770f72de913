import {
  type AnyVariables,
  type CombinedError,
  type Exchange,
  makeErrorResult,
  makeOperation,
  type Operation,
  type OperationResult,
} from "@urql/core";
import { filter, fromPromise, makeSubject, map, merge, mergeMap, pipe, share, takeUntil } from "wonka";

import { ShopperError, wantsToken } from "./error.js";
import { userIdOf } from "./record.js";
import type { Shopper } from "./shopper.js";

export interface ShopperExchangeOptions {
  /** Sends the ticket's JWT, for an API that verifies tickets by itself. */
  jwt?: boolean;
}

// What an operation was sent with. The token is in a function, to hide it from developer tools.
interface Sent {
  userId: string | undefined;
  token?: () => string;
  isRepeated?: boolean;
}

/**
 * Makes the exchange that sends the shopper's token with each operation. Put it after the cache and
 * before the fetchExchange.
 *
 * - An operation whose token is refused is repeated once, with another one.
 * - If the shopper changes while a query is under way, the answer is dropped, and the query is
 *   repeated once for the new shopper. Mutations and subscriptions fail with SHOPPER_CHANGED then.
 *
 * The cache belongs to the client. Make a new client for a new shopper.
 */
export function shopperExchange(shopper: Shopper, { jwt }: ShopperExchangeOptions = {}): Exchange {
  const present = () => userIdOf(shopper.getState());

  async function authorize(operation: Operation): Promise<Operation | OperationResult> {
    const before: Sent = operation.context["shopper"] ?? { userId: present() };
    try {
      const { token, userId } = await shopper.bearer({ jwt, refused: before.token?.() });
      if (operation.kind !== "query" && before.userId && before.userId !== userId) return changed(operation);

      const { fetchOptions } = operation.context;
      return makeOperation(operation.kind, operation, {
        ...operation.context,
        shopper: { ...before, userId, token: () => token },
        fetchOptions: () => {
          const options = (typeof fetchOptions === "function" ? fetchOptions() : fetchOptions) ?? {};
          const headers = new Headers(options.headers);
          headers.set("authorization", `Bearer ${token}`);
          return { ...options, headers: Object.fromEntries(headers) };
        },
      });
    } catch (error) {
      return makeErrorResult(operation, error as Error);
    }
  }

  return ({ forward }) =>
    (operations$) => {
      const shared$ = pipe(operations$, share);
      const { source: repeated$, next: repeat } = makeSubject<Operation>();

      const asked$ = merge([
        pipe(
          shared$,
          filter(({ kind }) => kind !== "teardown"),
        ),
        repeated$,
      ]);
      const decided$ = pipe(
        asked$,
        mergeMap((operation) => {
          const over$ = pipe(
            shared$,
            filter(({ kind, key }) => kind === "teardown" && key === operation.key),
          );
          return pipe(fromPromise(authorize(operation)), takeUntil(over$));
        }),
        share,
      );

      const results$ = pipe(
        merge([
          pipe(decided$, filter(isOperation)),
          pipe(
            shared$,
            filter(({ kind }) => kind === "teardown"),
          ),
        ]),
        forward,
        map((result): OperationResult | undefined => {
          const { operation, error } = result;
          const sent: Sent | undefined = operation.context["shopper"];
          if (!sent) return result;

          const isRefused = wasRefused(error);
          const hasChanged = present() !== sent.userId;
          if (!sent.isRepeated && (isRefused || (hasChanged && operation.kind === "query"))) {
            const { token, ...rest } = sent;
            const again = { ...rest, isRepeated: true, ...(isRefused && token && { token }) };
            repeat(makeOperation(operation.kind, operation, { ...operation.context, shopper: again }));
            return undefined;
          }
          return hasChanged && !isRefused ? changed(operation) : result;
        }),
        filter((result) => result !== undefined),
      );

      const failures$ = pipe(
        decided$,
        filter((decided): decided is OperationResult => !isOperation(decided)),
      );
      return merge([results$, failures$]);
    };
}

function isOperation(decided: Operation | OperationResult): decided is Operation {
  return "kind" in decided;
}

function wasRefused(error: CombinedError | undefined): boolean {
  if (error?.response?.status === 401) return true;
  return !!error?.graphQLErrors.some(({ extensions }) => wantsToken(extensions));
}

function changed(operation: Operation<unknown, AnyVariables>): OperationResult {
  return makeErrorResult(operation, new ShopperError({ reason: "SHOPPER_CHANGED" }));
}
