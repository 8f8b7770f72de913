// Writes an operation as a curl command. Secrets are not copied to the clipboard: the command has
// shell variables in their place.
import { headersOf } from "./ask.js";
import { fill, parse } from "./fill.js";

const secretVariables = {
  refreshToken: "REFRESH",
  previousRefreshToken: "PREVIOUS_REFRESH",
  deviceToken: "DEVICE",
  accessToken: "ACCESS",
  password: "PASSWORD",
};
const secretHeaders = {
  authorization: "ACCESS",
  "x-vol-user-claims": "ACCESS",
  "x-application-secret": "APPLICATION_SECRET",
};
const neededHeaders = (name) => name !== "accept" && name !== "apollo-require-preflight";

// Matches what looks like a token, wherever it was typed.
const token = /\b[A-Za-z0-9]{60,}\b/g;

// Marks a shell variable in a text that is quoted later: two private-use characters surround its
// name.
const mark = (name) => `\uE000${name}\uE001`;
const marks = /\uE000(\w+)\uE001/g;

// Returns the command, and the names of the shell variables it needs.
export function asCurl({ query, variables, headers, operationName }, shopper) {
  const body = JSON.stringify({
    query,
    variables: withoutSecrets(fill(parse(variables), shopper)),
    operationName: operationName ?? undefined,
  });
  const parts = [
    `curl -s ${new URL("graphql", location.href).href}`,
    ...[...headersOf(parse(headers))].filter(([name]) => neededHeaders(name)).map(header),
    `-d ${quote(body.replaceAll(token, mark("TOKEN")))}`,
  ];

  const command = parts.join(" \\\n  ");
  const names = [...new Set([...command.matchAll(marks)].map(([, name]) => name))].sort();
  const note = names.length > 0 ? `# Secrets are not copied. Set first: ${names.join(" ")}\n` : "";
  return { text: `${note}${command.replaceAll(marks, `'"$$$1"'`)}\n`, names };
}

const withoutSecrets = (variables) =>
  JSON.parse(JSON.stringify(variables), (name, value) =>
    value && Object.hasOwn(secretVariables, name) ? mark(secretVariables[name]) : value,
  );

function header([name, value]) {
  const [scheme] = value.match(/^Bearer /i) ?? [""];
  const shown = Object.hasOwn(secretHeaders, name) ? scheme + mark(secretHeaders[name]) : value;
  return `-H ${quote(`${name}: ${shown}`)}`;
}

const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
