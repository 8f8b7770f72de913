import { Device } from "./device.mjs";
import { Proxy, sleep } from "./proxy.mjs";
import { Server } from "./server.mjs";

// What one row needs: a server, a proxy in front of it, and devices. It also records what went
// wrong.
export class Stage {
  devices = [];
  // The faults that the row itself found.
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

  // Runs an action during which queries may fail.
  async outage(action) {
    const outage = [performance.now(), Infinity];
    this.#outages.push(outage);
    await action();
    outage[1] = performance.now();
  }

  // Disconnects the first device from the network for some time, and then calls finish.
  offline(milliseconds, finish = () => {}) {
    return this.outage(async () => {
      await this.device.context.setOffline(true);
      await sleep(milliseconds);
      finish();
      await this.device.context.setOffline(false);
    });
  }

  // Sends one more query in each open tab, so that a client that never recovers does not pass.
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
