import { countSessions } from "../office.mjs";
import { sleep } from "../proxy.mjs";

// Customers sign out in one place, and their other tabs must follow.
const tabs = 3;
const mostToFollow = 1_000; // milliseconds from a tab's next use

// Signs out with an action. Then it checks that every tab of the first device follows, and how many
// sessions are left on the server.
async function leave(stage, action, { sessionsLeft }) {
  for (const tab of stage.device.tabs) tab.expect(undefined);
  const from = performance.now();
  await action();
  const to = performance.now();
  await sleep(3_000);

  const times = stage.device.tabs.map((tab) => tab.followed(from, to));
  stage.note(`followed after ${times.join(", ")} ms`);
  stage.check(times.every((time) => time <= mostToFollow), "a tab did not follow in time");
  await Promise.all(stage.device.tabs.map(async (tab) => {
    const shopper = await tab.ask();
    stage.check(shopper?.isAnonymous, "a tab is not an anonymous shopper afterwards");
  }));

  const left = await countSessions(stage.server, "demo");
  stage.check(left === sessionsLeft, `${left} sessions are left on the server`);
}

async function inOneTab(stage) {
  const [first] = await stage.device.openCustomer(tabs);
  await sleep(2_000);
  await leave(stage, () => first.signOut(), { sessionsLeft: 0 });
}

async function everywhere(stage) {
  await stage.device.openCustomer(tabs);
  const [other] = await (await stage.addDevice()).openCustomer(1);
  await sleep(2_000);
  await leave(stage, () => other.signOut({ everywhere: true }), { sessionsLeft: 0 });
}

async function fromTheList(stage) {
  await stage.device.openCustomer(tabs);
  const [other] = await (await stage.addDevice()).openCustomer(1);
  await sleep(2_000);
  await leave(stage, () => other.endOtherSessions(), { sessionsLeft: 1 });
}

export const leavingRows = [
  { name: "sign-out in one of three tabs", tabs, seconds: 8, run: inOneTab },
  { name: "sign-out everywhere from another device", tabs: tabs + 1, seconds: 8, run: everywhere },
  { name: "session ended from the list", tabs: tabs + 1, seconds: 8, run: fromTheList },
];
