import { sleep } from "../proxy.mjs";

// Tabs that rest, are reloaded, or are closed and opened again.

async function idle(stage) {
  const [first] = await stage.device.openCustomer(1);
  const { userId } = await first.ask();
  const second = await stage.device.open({ idle: true, userId });
  await second.ask();
  stage.proxy.counts = {};

  await sleep(12_000);
  await second.poll();
  await sleep(2_000);
}

async function reloads(stage) {
  const [tab] = await stage.device.openCustomer(1);
  stage.proxy.counts = {};

  const start = performance.now();
  for (let n = 1; n <= 6; n++) {
    await sleep(start + (n * 5_000) / 6 - performance.now());
    await tab.page.reload();
  }
}

async function reloadDuringRefresh(stage) {
  const [tab] = await stage.device.openCustomer(1);
  stage.proxy.counts = {};

  await stage.proxy.spoil("refreshTicket", "hang");
  await tab.page.reload();
  await sleep(2_000);
}

// The reuse window of 3 s is over when the tab comes back. Only the attempt can still get the
// ticket.
async function closedDuringRefresh(stage) {
  const [tab] = await stage.device.openCustomer(1);
  const { userId } = await tab.ask();

  await stage.proxy.spoil("refreshTicket", "hang");
  await tab.page.close();
  await sleep(4_500);
  await stage.device.open({ userId });
  await sleep(5_000);
}

export const comingRows = [
  { name: "second tab idle for 12 s", tabs: 2, seconds: 15, refreshes: 5, run: idle },
  { name: "6 reloads in 5 s", tabs: 1, seconds: 6, refreshes: 1, run: reloads },
  { name: "a reload during a refresh", tabs: 1, seconds: 7, refreshes: 2, run: reloadDuringRefresh },
  { name: "closed during a refresh, reopened after 4.5 s", tabs: 1, seconds: 14, run: closedDuringRefresh },
];
