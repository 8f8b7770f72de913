import { sleep } from "../proxy.mjs";

// Networks and servers that are slow or gone for a while.
const tabs = 2;

// Every answer to a refresh is lost until the device has been offline, because Chromium itself
// repeats a request whose connection breaks.
async function lostThenOffline(stage) {
  await stage.device.openCustomer(tabs);

  await stage.proxy.spoil("refreshTicket", "drop", Infinity);
  await stage.offline(8_000, () => stage.proxy.mend());
  await sleep(5_000);
}

async function latency(stage) {
  await stage.device.openCustomer(tabs);
  stage.proxy.latency = 1_500;
  await sleep(24_000);
}

async function offline(stage) {
  await stage.device.openCustomer(tabs);
  await sleep(6_000);
  await stage.offline(9_000);
  await sleep(9_000);
}

async function down(stage) {
  await stage.device.openCustomer(tabs);
  await sleep(4_000);
  await stage.outage(async () => {
    await stage.server.kill();
    await sleep(2_000);
    await stage.server.start();
  });
  await sleep(8_000);
}

async function rotated(stage) {
  await stage.device.openCustomer(tabs);
  stage.server.rotateKeys(15);
  await sleep(16_000);
  await stage.outage(() => stage.server.restart());
  await sleep(8_000);
}

async function html(stage) {
  await stage.device.openCustomer(tabs);
  await sleep(2_000);
  await stage.outage(async () => {
    stage.proxy.isCutOff = true;
    await sleep(8_000);
    stage.proxy.isCutOff = false;
  });
  await sleep(6_000);
}

export const networkRows = [
  { name: "answer lost, then 8 s offline", seconds: 18, run: lostThenOffline },
  { name: "1.5 s latency", seconds: 25, run: latency },
  { name: "offline for 9 of 24 s", seconds: 25, run: offline },
  { name: "server down for 2 s", seconds: 16, run: down },
  { name: "server restarted with rotated keys", seconds: 26, run: rotated },
  { name: "an HTML page in place of answers for 8 s", seconds: 18, run: html },
].map((row) => ({ tabs, ...row }));
