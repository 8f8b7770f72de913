import { clock, withoutChannel, withoutDatabase, withoutLocks } from "../scripts.mjs";
import { sleep } from "../proxy.mjs";

// Customers send queries all the time, and the network works.
function steady(name, { tabs, seconds, ...more }) {
  const leastAnswers = Math.floor(tabs * seconds);

  async function run(stage) {
    await stage.device.openCustomer(tabs);
    stage.proxy.counts = {};
    await sleep(seconds * 1000);

    const answers = stage.proxy.count("currentShopper");
    stage.check(answers >= leastAnswers, `${answers} queries in ${seconds} s are too few to prove anything`);
  }
  return { name, tabs, seconds, run, ...more };
}

const fast = clock({ date: "(now) => now + 7_200_000" });
const slow = clock({ date: "(now) => now - 7_200_000" });
const jumping = clock({ date: "(now) => now + [0, 7_200_000, -7_200_000][Math.floor(now / 2_500) % 3]" });
const asleep = clock({ stopwatch: "() => 1_000" });
// The same instant in all tabs.
const stopped = clock({ date: `() => ${Date.now()}`, stopwatch: "() => 1_000" });

export const steadyRows = [
  steady("2 tabs for 120 s", { tabs: 2, seconds: 120, refreshes: 34 }),
  steady("5 tabs for 120 s", { tabs: 5, seconds: 120, refreshes: 40 }),
  steady("without Web Locks, 5 tabs", { tabs: 5, seconds: 120, refreshes: 60, scripts: [withoutLocks] }),
  steady("without IndexedDB, 5 tabs", { tabs: 5, seconds: 120, refreshes: 60, scripts: [withoutDatabase] }),
  steady("without BroadcastChannel, 5 tabs", { tabs: 5, seconds: 120, refreshes: 60, scripts: [withoutChannel] }),
];

export const clockRows = [
  steady("clock 2 h fast", { tabs: 2, seconds: 15, scripts: [fast] }),
  steady("clock 2 h slow", { tabs: 2, seconds: 15, scripts: [slow] }),
  steady("clock jumping by 2 h", { tabs: 2, seconds: 15, scripts: [jumping] }),
  steady("clock standing still", { tabs: 2, seconds: 15, scripts: [stopped] }),
  steady("performance.now standing still", { tabs: 2, seconds: 15, scripts: [asleep] }),
];
