"use strict";

// Each tab runs with one click: what a tab needs from an earlier one is in ticket.
const tabs = [
  {
    query: `# A ticket for a shopper who has not signed in.
# Press the pink button; each run is a new shopper.
mutation AnonymousTicket {
  anonymousShopperTicket {
    accessToken
    accessTokenExpiration
    accessTokenLifetime
    refreshToken
    refreshTokenExpiration
    refreshTokenLifetime
    refreshAfter
    userId
    behaviors
    customerAccount {
      userId
      isAnonymous
    }
  }
}`,
  },
  {
    query: `# Sign in, with the name and password in the variables.
# The last refresh tokens are filled in where "" stands.
mutation SignIn($input: CustomerUserAuthInfoInput!) {
  createUserTicket(input: $input) {
    accessToken
    accessTokenExpiration
    refreshToken
    refreshTokenExpiration
    userId
    behaviors
    claimedAnonymousUserId
    customerAccount {
      id
      userId
      userName
      emailAddress
      firstName
      lastName
      isAnonymous
      isActive
      isLocked
      hasExternalPassword
      customerSinceDate
      attributes {
        attributeDefinitionId
        fullyQualifiedName
        values
      }
    }
  }
}`,
    variables: {
      input: { username: "demo", password: "correct horse battery staple", previousRefreshToken: "", deviceToken: "" },
    },
  },
  {
    query: `# The next ticket, before the access token expires.
# The last refresh token is filled in where "" stands.
mutation Refresh($refreshToken: String!) {
  refreshTicket(refreshToken: $refreshToken) {
    accessToken
    accessTokenExpiration
    refreshToken
    refreshTokenExpiration
    refreshAfter
    userId
    customerAccount {
      userName
      isAnonymous
    }
  }
}`,
    variables: { refreshToken: "" },
  },
  {
    query: `# Who am I? The last ticket's access token is sent along
# unless Headers below have an authorization.
query CurrentShopper {
  currentShopper {
    userId
    isAnonymous
    application
    behaviors
    accessTokenExpiration
    accessTokenRemaining
    sessionId
    customerAccount {
      userName
      firstName
      lastName
    }
  }
}`,
  },
  {
    query: `# The session ends; try Refresh afterwards.
# "everywhere": true ends it on all devices.
mutation SignOut(
  $refreshToken: String!
  $everywhere: Boolean!
) {
  revokeTicket(
    refreshToken: $refreshToken
    everywhere: $everywhere
  ) {
    sessionsEnded
  }
}`,
    variables: { refreshToken: "", everywhere: false },
  },
];

// The tokens of the last ticket that any answer held, and the last refresh token of a customer. They
// live as long as the page, and nowhere else.
let ticket = {};
let deviceToken = "";

async function fetcher({ query, variables, operationName }, { headers: typed } = {}) {
  const headers = new Headers({
    accept: "application/json",
    "content-type": "application/json",
    "apollo-require-preflight": "true",
  });
  for (const [name, value] of Object.entries(typed ?? {})) {
    headers.set(name, value);
  }
  if (ticket.accessToken && !headers.has("authorization") && !headers.has("x-vol-user-claims")) {
    headers.set("authorization", `Bearer ${ticket.accessToken}`);
  }
  const response = await fetch("graphql", {
    method: "POST",
    headers,
    body: JSON.stringify({ query, variables: withRefreshTokens(variables), operationName }),
  });
  const text = await response.text();
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Error(`HTTP ${response.status} ${response.statusText}: ${text}`);
  }
  ticket = lastTicket(answer.data) ?? ticket;
  if (ticket.refreshToken && !(ticket.isAnonymous ?? ticket.customerAccount?.isAnonymous ?? true)) {
    deviceToken = ticket.refreshToken;
  }
  return answer;
}

// withRefreshTokens fills in the last refresh tokens where a variable leaves one empty.
function withRefreshTokens(variables) {
  const last = { refreshToken: ticket.refreshToken, previousRefreshToken: ticket.refreshToken, deviceToken };
  return JSON.parse(JSON.stringify(variables ?? {}), (name, value) =>
    value === "" && Object.hasOwn(last, name) ? (last[name] ?? "") : value,
  );
}

// lastTicket is the last ticket in an answer, under whichever alias, or undefined when it has none.
function lastTicket(value) {
  if (value === null || typeof value !== "object") {
    return undefined;
  }
  if ("accessToken" in value || "refreshToken" in value) {
    return value;
  }
  return Object.values(value).map(lastTicket).findLast(Boolean);
}

// What is typed here may be a password, so the browser keeps only how the playground looks; the tabs above are there on every visit.
const looks = new Set(["graphiql:theme", "graphiql:docExplorerFlex", "graphiql:editorFlex", "graphiql:secondaryEditorFlex"]);
const memory = new Map();
const storage = {
  getItem: (key) => (looks.has(key) ? localStorage.getItem(key) : (memory.get(key) ?? null)),
  setItem: (key, value) => (looks.has(key) ? localStorage.setItem(key, value) : memory.set(key, value)),
  removeItem: (key) => (looks.has(key) ? localStorage.removeItem(key) : memory.delete(key)),
  clear() {
    looks.forEach((key) => localStorage.removeItem(key));
    memory.clear();
  },
  get length() {
    return memory.size;
  },
};

ReactDOM.createRoot(document.getElementById("playground")).render(
  React.createElement(
    GraphiQL,
    {
      fetcher,
      storage,
      defaultTabs: tabs.map(({ query, variables }) => ({
        query,
        variables: variables ? JSON.stringify(variables, null, 2) : null,
      })),
      defaultQuery: "# Your own operation: Ctrl+Space shows what there is.\n",
      defaultEditorToolsVisibility: "variables",
      shouldPersistHeaders: false,
    },
    React.createElement(GraphiQL.Logo, null, React.createElement("span", { className: "name" }, "authtickets")),
  ),
);
