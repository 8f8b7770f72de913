// The application that the page calls for. The browser stores the choice for every tab, and for the
// next visit. The id of an application is not secret.
import { guide } from "./guide.js";
import { store, useStore } from "./store.js";

const key = "authtickets:application";
const mostRemembered = 8;

const application = store(read());

// Another browser tab has chosen an application.
addEventListener("storage", (event) => {
  if (event.key === key || event.key === null) application.set(read());
});

function read() {
  try {
    const { chosen, used } = JSON.parse(localStorage.getItem(key));
    return { chosen: String(chosen), used: used.map(String) };
  } catch {
    return { chosen: "", used: [] };
  }
}

// With an empty id, the server chooses the only application, or the only public one.
export const chosenApplication = () => application.get().chosen;

export function chooseApplication(id) {
  const others = application.get().used.filter((other) => other !== id);
  const used = id ? [id, ...others].slice(0, mostRemembered) : others;
  localStorage.setItem(key, JSON.stringify({ chosen: id, used }));
  application.set({ chosen: id, used });
}

export function useApplications() {
  const { chosen, used } = useStore(application);
  return { chosen, known: [...new Set([...guide.applications, ...used])] };
}
