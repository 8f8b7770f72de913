// GraphiQL's storage. Typed text may be a password, so the browser stores only how the playground
// looks. Every visit begins with the same tabs.
const looks = new Set([
  "graphiql:theme",
  "graphiql:docExplorerFlex",
  "graphiql:editorFlex",
  "graphiql:secondaryEditorFlex",
]);
const memory = new Map();

export const storage = {
  getItem: (key) => (looks.has(key) ? localStorage.getItem(key) : (memory.get(key) ?? null)),
  setItem: (key, value) => (looks.has(key) ? localStorage.setItem(key, value) : memory.set(key, value)),
  removeItem: (key) => (looks.has(key) ? localStorage.removeItem(key) : memory.delete(key)),
  clear() {
    looks.forEach((key) => localStorage.removeItem(key));
    memory.clear();
  },
  get length() {
    return memory.size;
  },
};
