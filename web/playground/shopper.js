// What the page knows about its shopper, for each application: the tokens of the last ticket, and
// whether they were used or have ended. It is only in memory.
import { useApplications } from "./application.js";
import { store, useStore } from "./store.js";

// used is the refresh token that was used last, and when. deviceToken is the last refresh token of
// a customer. ended is the reason with which the session ended.
const nobody = { ticket: null, used: null, deviceToken: "", otherSession: "", ended: "" };

const shoppers = store({});

export const shopperOf = (application) => shoppers.get()[application] ?? nobody;

// Without an argument, returns the shopper of the chosen application.
export function useShopper(application) {
  const { chosen } = useApplications();
  return useStore(shoppers)[application ?? chosen] ?? nobody;
}

// Learns about the shopper from an answer. sent holds the variables by name. date is the server's
// time.
export function learn(application, { sent, answer, date }) {
  const before = shopperOf(application);
  let after = before;

  const ticket = last(answer.data, (value) => "accessToken" in value || "refreshToken" in value);
  if (ticket) {
    after = withTicket(before, ticket, sent, date);
  } else if (before.ticket && isAbout(before, sent)) {
    after = { ...before, ended: endOf(answer, sent) || before.ended };
  }

  if (last(answer.data, (value) => "isCurrent" in value)) {
    after = { ...after, otherSession: last(answer.data, (value) => value.isCurrent === false)?.id ?? "" };
  } else if (sent.sessionId && answer.data) {
    after = { ...after, otherSession: "" };
  }
  shoppers.set({ ...shoppers.get(), [application]: after });
}

function withTicket(before, ticket, sent, date) {
  const { accessToken, refreshToken, userId, customerAccount } = ticket;
  const isSame = Boolean(before.ticket?.userId) && before.ticket.userId === userId;
  const wasAnonymous = isSame ? before.ticket.isAnonymous : true;
  const isAnonymous = ticket.isAnonymous ?? customerAccount?.isAnonymous ?? wasAnonymous;
  const left = Date.parse(ticket.accessTokenExpiration) - (date + 1000); // date has no fraction of its second
  return {
    ticket: {
      accessToken,
      refreshToken,
      userId,
      isAnonymous,
      name: customerAccount?.userName ?? (isSame ? before.ticket.name : undefined),
      expiresAt: Date.now() + left, // NaN if the answer does not have it
    },
    used: usedBy(before, sent.refreshToken, refreshToken),
    deviceToken: refreshToken && !isAnonymous ? refreshToken : before.deviceToken,
    otherSession: before.otherSession,
    ended: "",
  };
}

// Returns the token that a refresh has used. If it gave the same ticket again, it is not a new use.
function usedBy(before, sent, received) {
  if (!sent || !received || sent === received) return null;
  return before.used?.token === sent ? before.used : { token: sent, at: Date.now() };
}

// Reports whether an operation was about the shopper's session, and not about a typed token.
function isAbout({ ticket, used }, { refreshToken }) {
  return !refreshToken || refreshToken === ticket.refreshToken || refreshToken === used?.token;
}

const notAnEnd = new Set(["TOKEN_MISSING", "TOKEN_INVALID", "TOKEN_EXPIRED"]);

function endOf({ data, errors }, sent) {
  const refused = errors
    ?.map(({ extensions }) => extensions)
    .find((extensions) => extensions?.nextStep === "SIGN_IN" && !notAnEnd.has(extensions.reason));
  if (refused) return refused.reason;

  if (!sent.refreshToken || !last(data, (value) => "sessionsEnded" in value)) return "";
  return sent.everywhere ? "SIGNED_OUT_EVERYWHERE" : "SIGNED_OUT";
}

// Returns the last object in a value that passes a test, under any alias.
function last(value, test) {
  if (value === null || typeof value !== "object") return undefined;
  if (!Array.isArray(value) && test(value)) return value;
  return Object.values(value)
    .map((inner) => last(inner, test))
    .findLast(Boolean);
}
