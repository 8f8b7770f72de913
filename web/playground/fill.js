// Fills in variables that are "", with tokens and ids of earlier answers.

// run names the tabs that provide a value. without says why the variable may stay empty.
const sources = {
  refreshToken: {
    from: ({ ticket }) => ticket?.refreshToken,
    what: "the newest refresh token",
    run: ["AnonymousTicket", "SignIn"],
  },
  previousRefreshToken: {
    from: ({ ticket }) => (ticket?.isAnonymous ? ticket.refreshToken : ""),
    what: "the guest's refresh token",
    run: ["AnonymousTicket"],
    without: "there is no guest to claim",
  },
  deviceToken: {
    from: ({ deviceToken }) => deviceToken,
    what: "the last customer's refresh token",
    run: [],
    without: "no customer was here before",
  },
  sessionId: {
    from: ({ otherSession }) => otherSession,
    what: "the session on another device",
    run: ["Sessions"],
    when: ", with the customer on two devices",
  },
};

const needsAccessToken = /\b(currentShopper|endSession)\b/;

// Returns what is filled in for a tab. A value that is not there yet is empty.
export function fillings({ query, variables, headers }, shopper) {
  const found = [];
  visit(parse(variables), (name, value) => {
    if (value === "" && Object.hasOwn(sources, name)) {
      const { from, ...about } = sources[name];
      found.push({ name, value: from(shopper) ?? "", ...about });
    }
  });
  if (needsAccessToken.test(withoutComments(query)) && !hasToken(parse(headers))) {
    const value = shopper.ticket?.accessToken ?? "";
    found.push({ name: "authorization", value, what: "the newest access token", run: ["SignIn", "AnonymousTicket"] });
  }
  return found;
}

// Returns the variables with everything filled in. With again, the refresh token is the one that
// was used last.
export function fill(variables, shopper, { again } = {}) {
  return JSON.parse(JSON.stringify(variables ?? {}), (name, value) => {
    if (value !== "" || !Object.hasOwn(sources, name)) return value;
    if (again && name === "refreshToken" && shopper.used) return shopper.used.token;
    return sources[name].from(shopper) ?? "";
  });
}

// Returns the values of all variables by name, also of nested ones.
export function byName(variables) {
  const values = {};
  visit(variables, (name, value) => (values[name] = value));
  return values;
}

// Parses the JSON of a tab. Returns {} for a text that is not JSON.
export function parse(json) {
  try {
    return JSON.parse(json) ?? {};
  } catch {
    return {};
  }
}

export const withoutComments = (query) => (query ?? "").replaceAll(/#.*/g, "");

// Returns the value of a header that was typed, in upper or lower case. wanted is in lower case.
export const headerOf = (headers, wanted) =>
  Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1];

export const hasToken = (headers) =>
  ["authorization", "x-vol-user-claims"].some((name) => headerOf(headers, name) !== undefined);

function visit(value, see) {
  if (value === null || typeof value !== "object") return;
  for (const [name, inner] of Object.entries(value)) {
    see(name, inner);
    visit(inner, see);
  }
}
