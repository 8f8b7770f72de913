// Scripts that run in each page before its own, and change what the browser offers.

export const withoutLocks = () => delete Navigator.prototype.locks;
export const withoutDatabase = () => delete globalThis.indexedDB;
export const withoutChannel = () => delete globalThis.BroadcastChannel;

// Makes the wall clock and the stopwatch wrong. Both functions get the true time, and return the
// time to show, in milliseconds. They are text, because they run in the page.
export function clock({ date = "(now) => now", stopwatch = "(now) => now" }) {
  return `{
    const date = ${date};
    const stopwatch = ${stopwatch};
    const TrueDate = Date;
    const trueStopwatch = performance.now.bind(performance);
    globalThis.Date = class Date extends TrueDate {
      constructor(...parts) {
        parts.length > 0 ? super(...parts) : super(Date.now());
      }
      static now() {
        return Math.round(date(TrueDate.now()));
      }
    };
    performance.now = () => stopwatch(trueStopwatch());
  }`;
}
