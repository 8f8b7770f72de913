import { sleep } from "../proxy.mjs";

// Shows that the harness finds faults: it tries a client that only keeps the ticket in
// localStorage.
async function run(stage) {
  const [first] = await stage.device.openCustomer(1);
  const { userId } = await first.ask();
  const second = await stage.device.open({ idle: true, userId });
  await sleep(9_000);
  await second.poll();
  await sleep(5_000);

  const signedOut = stage.tabs.filter((tab) => tab.signedOutWrongly);
  for (const tab of stage.tabs) tab.expect(undefined);
  stage.note(`${signedOut.length} of 2 tabs were signed out`);
  stage.check(signedOut.length > 0, "the harness did not see it");
}

export const naiveRows = [
  { name: "a naive client is signed out", tabs: 2, seconds: 15, client: "naive", failures: Infinity, run },
];
