const password = "correct horse battery staple";
// A query without an answer for longer than the client's own limit of 8 s counts as failed.
const longestQuery = 9_000;

// One tab of a device. It knows what its page has reported, and which shopper the page must show.
export class Tab {
  states = [];
  queries = [];
  signedOutWrongly = false;
  #expected;

  constructor(page) {
    this.page = page;
  }

  get isOpen() {
    return !this.page.isClosed();
  }

  // From now on, every answer and state must belong to this customer. Without a user id, anything
  // may happen, and earlier faults are forgotten.
  expect(userId) {
    this.signedOutWrongly = false;
    this.#expected = userId && { userId, since: performance.now() };
  }

  hear(what, details) {
    const at = performance.now();
    switch (what) {
      case "loaded":
        this.queries = this.queries.filter(({ end }) => end); // unfinished queries end with their page
        break;
      case "state":
        this.states.push({ at, ...details });
        if (["anonymous", "ended"].includes(details.status)) this.#mustNotBe(describe(details), at);
        break;
      case "asked":
        this.queries.push({ id: details.id, start: at });
        break;
      case "answered":
      case "failed":
        this.#finish(what, details, at);
    }
  }

  #finish(what, { id, error, userId }, end) {
    const query = this.queries.find((query) => query.id === id && !query.end);
    if (!query) return; // its page is gone

    Object.assign(query, { end, error });
    const isOther = what === "answered" && userId !== this.#expected?.userId;
    if (isOther) this.#mustNotBe(`is answered as ${userId}`, query.start);
  }

  #mustNotBe(what, at) {
    if (!this.#expected || at < this.#expected.since) return;
    this.signedOutWrongly ||= `must be ${this.#expected.userId}, but ${what}`;
  }

  // The queries that failed and did not overlap any of these periods [from, to].
  failures(outages) {
    const now = performance.now();
    return this.queries.filter(({ start, end = now, error }) => {
      const failed = error || (this.isOpen && end - start > longestQuery);
      return failed && !outages.some(([from, to]) => start <= to && end >= from);
    });
  }

  // Returns how long the tab took to show that the customer is gone, in milliseconds from its first
  // query after the sign-out. The sign-out lasted from one instant to the other. If the tab never
  // showed it, the result is undefined.
  followed(from, to) {
    const use = this.queries.find(({ start }) => start >= to);
    const change = this.states.find(({ at, status }) => at >= from && status !== "customer");
    return use && change && Math.max(0, Math.round(change.at - use.start));
  }

  poll() {
    return this.page.evaluate(() => storefront.poll());
  }

  // Asks once who the shopper is.
  ask() {
    return this.page.evaluate(() => storefront.ask());
  }

  async signIn(username) {
    await this.page.evaluate((credentials) => storefront.shopper.signIn(credentials), { username, password });
    const { userId } = await this.ask();
    this.expect(userId);
    return userId;
  }

  // Signs in while another sign-in may win. It returns the customer's user id, or nothing if the
  // sign-in was refused.
  trySignIn(username) {
    return this.page.evaluate(
      (credentials) => storefront.shopper.signIn(credentials).then(({ userId }) => userId, () => undefined),
      { username, password },
    );
  }

  async signOut(options = {}) {
    this.expect(undefined);
    await this.page.evaluate((options) => storefront.shopper.signOut(options), options);
  }

  // Ends all other sessions in the customer's list.
  async endOtherSessions() {
    await this.page.evaluate(async () => {
      const sessions = await storefront.shopper.sessions();
      for (const { id, isCurrent } of sessions) if (!isCurrent) await storefront.shopper.endSession(id);
    });
  }
}

const describe = ({ status, reason = "" }) => `is ${status} ${reason}`.trimEnd();
