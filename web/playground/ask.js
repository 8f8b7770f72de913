// Sends operations to the server, with what the page fills in, and learns from the answers.
import { chosenApplication } from "./application.js";
import { byName, fill, hasToken } from "./fill.js";
import { learn, shopperOf } from "./shopper.js";

export async function ask({ query, variables, operationName }, { headers: typed, again } = {}) {
  const headers = headersOf(typed);
  const application = headers.get("x-application") ?? "";
  const filled = fill(variables, shopperOf(application), { again });
  const response = await fetch("graphql", {
    method: "POST",
    headers,
    body: JSON.stringify({ query, variables: filled, operationName }),
  });

  const text = await response.text();
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Error(`HTTP ${response.status} ${response.statusText}: ${text}`);
  }

  learn(application, { sent: byName(filled), answer, date: Date.parse(response.headers.get("date")) });
  return answer;
}

// Returns the headers of an operation. The headers typed in the tab replace the page's own.
export function headersOf(typed = {}) {
  const headers = new Headers({
    accept: "application/json",
    "content-type": "application/json",
    "apollo-require-preflight": "true",
  });
  if (chosenApplication()) headers.set("x-application", chosenApplication());
  for (const [name, value] of Object.entries(typed)) {
    headers.set(name, value);
  }

  const { ticket } = shopperOf(headers.get("x-application") ?? "");
  if (ticket?.accessToken && !hasToken(typed)) {
    headers.set("authorization", `Bearer ${ticket.accessToken}`);
  }
  return headers;
}
