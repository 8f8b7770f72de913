import type { ShopperState } from "@authtickets/client";
import { useEffect, useState } from "react";

// What the inspector knows about the newest ticket. All tabs share it. It contains no token.
interface Note {
  sessionId: string;
  receivedAt: number;
  refreshAfter: number; // seconds
  tab: string;
}

const KEY = "ticket-inspector";
const thisTab = Math.random().toString(36).slice(2, 5);

// Sends the requests of the client package, and notes each ticket in the answers.
export const notingFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  note(response.clone()).catch(() => {}); // no ticket, or no localStorage
  return response;
};

async function note(response: Response) {
  const { sessionId, refreshAfter } = (await response.json()).data.result;
  if (!refreshAfter) return;
  const note: Note = { sessionId, refreshAfter, receivedAt: Date.now(), tab: thisTab };
  localStorage.setItem(KEY, JSON.stringify(note));
}

function lastNote(): Note | undefined {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "");
  } catch {
    return undefined;
  }
}

export function Inspector({ state }: { state: ShopperState }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);

  const session = "sessionId" in state ? state.sessionId : undefined;
  const note = lastNote();
  const isKnown = note && note.sessionId === session;
  const age = isKnown ? Math.max(0, Math.round((now - note.receivedAt) / 1000)) : 0;

  const rows = [
    ["shopper", "userId" in state ? state.userId : "–"],
    ["session", session ?? "–"],
    ["ticket’s age", isKnown ? duration(age) : "–"],
    ["next refresh", isKnown ? due(note.refreshAfter - age) : "–"],
    ["refreshed by", isKnown ? (note.tab === thisTab ? `this tab (${thisTab})` : `tab ${note.tab}`) : "–"],
    ["this tab", thisTab],
  ] as const;

  return (
    <details className="inspector" open={innerWidth > 700}>
      <summary>
        Ticket inspector: <b>{state.status}</b>
      </summary>
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd title={value}>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

const due = (seconds: number) => (seconds > 0 ? `in ${duration(seconds)}` : "with the next use");

const duration = (seconds: number) =>
  seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
