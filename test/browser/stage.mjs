import { Device } from "./device.mjs";
import { Proxy, sleep } from "./proxy.mjs";
import { Server } from "./server.mjs";

// What one row runs on: a server, a proxy in front of it, and devices. It also keeps the account of
// what went wrong.
export class Stage {
  devices = [];
  // What the row itself found wrong.
  faults = [];
  notes = [];
  #outages = [];
  #browser;

  constructor(browser, client, scripts = []) {
    this.#browser = browser;
    this.scripts = scripts;
    this.server = new Server();
    this.proxy = new Proxy(this.server, client);
  }

  async open() {
    await this.server.start();
    await this.proxy.listen();
    this.device = await this.addDevice();
  }

  async addDevice() {
    const device = await Device.create(this.#browser, this.proxy.origin, this.scripts);
    this.devices.push(device);
    return device;
  }

  async close() {
    for (const { context } of this.devices) await context.close();
    this.proxy.close();
    this.server.remove();
  }

  get tabs() {
    return this.devices.flatMap(({ tabs }) => tabs);
  }

  note(text) {
    this.notes.push(text);
  }

  check(holds, fault) {
    if (!holds) this.faults.push(fault);
  }

  // Runs something during which queries may fail.
  async outage(action) {
    const outage = [performance.now(), Infinity];
    this.#outages.push(outage);
    await action();
    outage[1] = performance.now();
  }

  // Takes the first device off the network, and does something at the end of that time.
  offline(milliseconds, finish = () => {}) {
    return this.outage(async () => {
      await this.device.context.setOffline(true);
      await sleep(milliseconds);
      finish();
      await this.device.context.setOffline(false);
    });
  }

  // Asks once more in each open tab, so that a client that never recovers does not pass.
  async finish() {
    const refreshes = this.proxy.count("refreshTicket");
    await Promise.all(this.tabs.filter(({ isOpen }) => isOpen).map((tab) => tab.ask()));
    const failures = this.tabs.flatMap((tab) => tab.failures(this.#outages));
    const excused = this.tabs.flatMap((tab) => tab.failures([])).length - failures.length;
    if (excused > 0) this.note(`${excused} failures while unreachable`);

    return {
      signedOut: this.tabs.map(({ signedOutWrongly }) => signedOutWrongly).filter(Boolean),
      refreshes,
      failures,
    };
  }
}
