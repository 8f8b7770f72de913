// Requests of the harness itself, which do not use the proxy and the client.
const password = "correct horse battery staple";
const signIn = `mutation ($input: CustomerUserAuthInfoInput!) {
  createUserTicket(input: $input) { accessToken refreshToken }
}`;
const list = `{ currentShopper { sessions { isCurrent } } }`;
const signOut = `mutation ($token: String!) { revokeTicket(refreshToken: $token) { sessionsEnded } }`;

async function ask(server, query, variables, accessToken) {
  const authorization = accessToken && { authorization: `Bearer ${accessToken}` };
  const headers = { "content-type": "application/json", ...authorization };
  const body = JSON.stringify({ query, variables });
  const answer = await fetch(`http://127.0.0.1:${server.port}/graphql`, { method: "POST", headers, body });
  const { data, errors } = await answer.json();
  if (errors) throw new Error(errors[0].message);
  return data;
}

// Counts the sessions of a customer on the server, except the one that is needed to ask.
export async function countSessions(server, username) {
  const { createUserTicket: ticket } = await ask(server, signIn, { input: { username, password } });
  const { currentShopper } = await ask(server, list, {}, ticket.accessToken);
  await ask(server, signOut, { token: ticket.refreshToken });
  return currentShopper.sessions.filter(({ isCurrent }) => !isCurrent).length;
}
