// A value that components watch.
export function store(value) {
  const listeners = new Set();
  return {
    get: () => value,
    set(next) {
      value = next;
      listeners.forEach((listener) => listener());
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export const useStore = ({ subscribe, get }) => React.useSyncExternalStore(subscribe, get);

const clock = store(Date.now());
setInterval(() => clock.set(Date.now()), 1000);

// Returns the time, and renders the component again every second.
export function useNow() {
  useStore(clock);
  return Date.now();
}
