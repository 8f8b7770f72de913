// Why a customer is no longer signed in, in words. The keys are the reasons of the server and of
// the client package.
const endings: Record<string, string> = {
  SIGNED_OUT: "You have signed out.",
  SIGNED_OUT_EVERYWHERE: "Signed out because you signed out on all your devices.",
  SESSION_ENDED: "Signed out because you ended this session from another device.",
  SESSION_REPLACED: "Signed out because you signed in again on this device.",
  SUPERSEDED: "Signed out because somebody else signed in, in another tab.",
  TOO_MANY_SESSIONS: "Signed out because you are signed in on too many devices, and this one was idle for longest.",
  ENDED_BY_OPERATOR: "Signed out because our staff ended your session.",
  PASSWORD_CHANGED: "Signed out because your password was changed. Please use the new one.",
  TOKEN_REUSED: "Signed out because somebody used a copy of your ticket. Please change your password.",
  TOKEN_EXPIRED: "Signed out because you were away for a long time.",
  ACCOUNT_INACTIVE: "Signed out because your account is not active.",
  ACCOUNT_DELETED: "Signed out because your account was deleted.",
  APPLICATION_DISABLED: "Signed out because the shop is closed at the moment.",
};

export const whyEnded = (reason: string) => endings[reason] ?? "Signed out because your session is over.";

// What to tell a customer whose sign-in failed.
const refusals: Record<string, string> = {
  INVALID_CREDENTIALS: "The name or the password is wrong.",
  USERNAME_INVALID: "Please enter your name or e-mail address.",
  PASSWORD_INVALID: "Please enter your password.",
  ACCOUNT_LOCKED: "This account is locked.",
  ACCOUNT_INACTIVE: "This account is not active.",
  SUPERSEDED: "Somebody else has just signed in, in another tab.",
};

export function whyRefused(reason: string, retryAfterSeconds: number | undefined) {
  const text = refusals[reason] ?? "Signing in does not work at the moment.";
  return retryAfterSeconds ? `${text} Please try again in ${retryAfterSeconds} seconds.` : text;
}
