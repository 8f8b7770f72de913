import { countSessions } from "../office.mjs";
import { sleep } from "../proxy.mjs";

// Two tabs of one guest in which two customers sign in at once.
const customers = ["demo", "imported"];
const patience = 4_000; // milliseconds for leftovers to be cleared away

// The delays of the answer to the first sign-in, in milliseconds. The first sign-in gets the claim,
// so it wins, even if its answer is the last. The longest delay is longer than a client waits.
const delays = [0, 300, 1_000, 3_000];
const longestWait = 2_000;

async function twoAtOnce(stage) {
  await stage.device.open();
  await stage.device.open();
  for (const delay of delays) await round(stage, delay);
}

async function round(stage, delay) {
  const { device } = stage;
  const [guest] = await askAll(device);
  const claimsBefore = device.claims.length;

  if (delay > 0) stage.proxy.spoil("createUserTicket", delay);
  const userIds = await Promise.all(device.tabs.map((tab, n) => tab.trySignIn(customers[n])));
  await sleep(2_000);

  const [winner, other] = await askAll(device);
  const check = (holds, fault) => stage.check(holds, `${fault} (first answer ${delay} ms late)`);
  check(!winner.isAnonymous && winner.userId === other.userId, "the tabs show two shoppers");
  check(userIds.includes(winner.userId), "the winner's sign-in was refused");
  // The loser's sign-in is refused. If it was answered before that, the loser's state says so.
  const losers = device.tabs.filter((_, n) => userIds[n] && userIds[n] !== winner.userId);
  const areSuperseded = losers.every((tab) => delay > longestWait && tab.states.at(-1).reason === "SUPERSEDED");
  check(areSuperseded, "the loser does not learn of it");

  const claims = device.claims.slice(claimsBefore);
  const [claim] = claims;
  const fits = claim?.anonymousUserId === guest.userId && claim.userId === winner.userId;
  check(claims.length === 1 && fits, `${claims.length} claims, or not the winner's of the guest`);

  check((await sessionsAfter(stage, 1)) === 1, "not one session on the server");
  await device.tabs[0].signOut();
  check((await sessionsAfter(stage, 0)) === 0, "a session is left after the sign-out");
  await sleep(1_000);
}

const askAll = (device) => Promise.all(device.tabs.map((tab) => tab.ask()));

// Counts the sessions of both customers, when there are as many as wanted or patience is over.
async function sessionsAfter(stage, wanted) {
  const end = performance.now() + patience;
  for (;;) {
    const counts = await Promise.all(customers.map((name) => countSessions(stage.server, name)));
    const all = counts[0] + counts[1];
    if (all === wanted || performance.now() > end) return all;
    await sleep(500);
  }
}

export const signingInRows = [{ name: "two sign-ins at once", tabs: 2, seconds: 22, run: twoAtOnce }];
