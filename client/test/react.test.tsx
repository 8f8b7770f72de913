// @vitest-environment jsdom
import { act } from "react";
import { createRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { beforeAll, expect, it, vi } from "vitest";

import type { Shopper } from "../src/index.js";
import { useShopper } from "../src/react.js";
import { browser, demo } from "./tabs.js";

beforeAll(() => vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true));

function Greeting({ shopper }: { shopper: Shopper }) {
  const state = useShopper(shopper);
  return <p>{state.status === "ended" ? state.reason : state.status}</p>;
}

it("shows the state and follows it", async () => {
  const { open } = browser();
  const shopper = open();
  const page = document.createElement("div");
  const root = createRoot(page);
  await act(async () => root.render(<Greeting shopper={shopper} />));
  await vi.waitFor(() => expect(page.textContent).toBe("anonymous"));

  await act(() => shopper.signIn(demo));
  expect(page.textContent).toBe("customer");

  await act(() => open().signOut());
  await vi.waitFor(() => expect(page.textContent).toBe("SIGNED_OUT"));
  act(() => root.unmount());
});

it("lists sessions in a page of jsdom", async () => {
  const shopper = browser().open();
  await shopper.signIn(demo);
  expect(await shopper.sessions()).toMatchObject([{ isCurrent: true }]);
});

it("is starting on a server, and asks nothing there", () => {
  const { server, open } = browser();
  expect(renderToString(<Greeting shopper={open()} />)).toBe("<p>starting</p>");
  expect(server.requests).toEqual([]);
});
