import { Tab } from "./tab.mjs";

// The browser of one shopper. Its tabs share cookies and storage. The given scripts run in each
// page before the page's own.
export class Device {
  tabs = [];
  claims = [];

  constructor(context, origin) {
    this.context = context;
    this.origin = origin;
  }

  static async create(browser, origin, scripts) {
    const context = await browser.newContext();
    const device = new Device(context, origin);
    await context.exposeBinding("report", ({ page }, what, details) => device.#hear(page, what, details));
    for (const script of scripts) await context.addInitScript(script);
    return device;
  }

  #hear(page, what, details) {
    if (what === "claim") this.claims.push(details);
    this.tabs.find((tab) => tab.page === page)?.hear(what, details);
  }

  // Opens a tab that sends a query every 0.9 s. An idle tab sends none by itself.
  async open({ idle = false, userId } = {}) {
    const tab = new Tab(await this.context.newPage());
    tab.expect(userId);
    this.tabs.push(tab);
    await tab.page.goto(`${this.origin}/${idle ? "#idle" : ""}`);
    await tab.page.waitForFunction(() => globalThis.storefront);
    return tab;
  }

  // Opens tabs of a customer, who signs in in the first tab.
  async openCustomer(count, username = "demo") {
    const first = await this.open();
    const userId = await first.signIn(username);
    while (this.tabs.length < count) await this.open({ userId });
    return this.tabs;
  }
}
