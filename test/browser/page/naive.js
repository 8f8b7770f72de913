// A client that one can write in an afternoon. The ticket is in localStorage, and each tab
// refreshes it when it is due.
const fields = "accessToken refreshToken refreshAfter isAnonymous";

export function createShopper({ endpoint }) {
  const listeners = new Set();
  let ticket = JSON.parse(localStorage.getItem("ticket"));
  let state = { status: "starting" };

  async function ask(query, variables) {
    const headers = { "content-type": "application/json" };
    const response = await fetch(endpoint, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
    const { data, errors } = await response.json();
    if (errors) throw new Error(errors[0].extensions.reason);
    return keep(Object.values(data)[0]);
  }

  function keep(next) {
    ticket = { ...next, refreshAt: Date.now() + next.refreshAfter * 1000 };
    localStorage.setItem("ticket", JSON.stringify(ticket));
    state = { status: ticket.isAnonymous ? "anonymous" : "customer" };
    for (const listener of listeners) listener();
  }

  const begin = () => ask(`mutation { anonymousShopperTicket { ${fields} } }`);

  async function accessToken() {
    if (!ticket) await begin();
    if (Date.now() > ticket.refreshAt) {
      const { refreshToken } = ticket;
      const refresh = `mutation ($token: String!) { refreshTicket(refreshToken: $token) { ${fields} } }`;
      await ask(refresh, { token: refreshToken }).catch(begin);
    }
    return ticket.accessToken;
  }

  return {
    getState: () => state,
    subscribe: (listener) => listeners.add(listener),
    accessToken,
    async fetch(url, { headers, ...init }) {
      return fetch(url, { ...init, headers: { ...headers, authorization: `Bearer ${await accessToken()}` } });
    },
    signIn: (input) =>
      ask(`mutation ($input: CustomerUserAuthInfoInput!) { createUserTicket(input: $input) { ${fields} } }`, { input }),
  };
}
