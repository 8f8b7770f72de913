// The line about the open tab: what is filled in, ready-made variables, and other ways to run it.
import { asCurl } from "./curl.js";
import { fillings, headerOf, parse, withoutComments } from "./fill.js";
import { guide } from "./guide.js";
import { TabLink, useOpenTab } from "./open.js";
import { useShopper } from "./shopper.js";
import { useNow } from "./store.js";
import { asText, presetsOf } from "./tabs.js";

const h = React.createElement;

export function Lesson({ runAgain }) {
  const { tab, setVariables } = useOpenTab();
  const shopper = useShopper(headerOf(parse(tab.headers), "x-application"));
  const presets = Object.entries(presetsOf(tab.title));
  const refreshes = /\brefreshTicket\b/.test(withoutComments(tab.query)) && tab.title !== "FailsOnPurpose";

  return h(
    React.Fragment,
    null,
    h(Fillings, { list: fillings(tab, shopper) }),
    h(
      "div",
      { className: "acts" },
      presets.map(([name, variables]) =>
        h("button", { type: "button", key: name, onClick: () => setVariables(asText(variables)) }, name),
      ),
      refreshes && h(UseAgain, { used: shopper.used, runAgain }),
      h(CopyAsCurl, { key: tab.id, tab, shopper }),
    ),
  );
}

function Fillings({ list }) {
  if (list.length === 0) return h("p", { className: "faint" }, "This tab needs nothing from another one.");
  return h(
    "ul",
    { className: "fillings", "aria-label": "Filled in" },
    list.map((filling, i) => h(Filling, { key: i, ...filling })),
  );
}

function Filling({ name, value, what, run, when, without }) {
  if (value) return h("li", null, h("code", null, name), ` = ${what}, `, h("code", null, `…${value.slice(-6)}`));
  if (without) return h("li", { className: "faint" }, h("code", null, name), ` stays empty: ${without}`);
  const tabs = run.flatMap((tab, i) => [i > 0 && " or ", h(TabLink, { key: tab, tab })]);
  return h("li", { className: "missing" }, h("code", null, name), " cannot be filled in: first run ", ...tabs, when);
}

function UseAgain({ used, runAgain }) {
  return h(
    React.Fragment,
    null,
    used && h(ReuseWindow, used),
    h(
      "button",
      { type: "button", disabled: !used, title: used ? undefined : "Refresh first", onClick: runAgain },
      "Use the last token again",
    ),
  );
}

function ReuseWindow({ at }) {
  const left = Math.ceil(guide.reuseWindowSeconds - (useNow() - at) / 1000);
  const effect = left > 0 ? `gives the same ticket for ${left} s` : "ends the session";
  return h("span", { className: "faint" }, `The last token, used up, ${effect}`);
}

function CopyAsCurl({ tab, shopper }) {
  const [done, setDone] = React.useState("");
  const copy = async () => {
    try {
      if (!navigator.clipboard) throw new Error("browsers allow this only on https and on this machine");
      const { text, names } = asCurl(tab, shopper);
      await navigator.clipboard.writeText(text);
      setDone(names.length > 0 ? `Copied without secrets: set ${names.join(", ")}` : "Copied");
    } catch (error) {
      setDone(`Not copied: ${error.message}`);
    }
  };
  return h(
    React.Fragment,
    null,
    h("button", { type: "button", onClick: copy }, "Copy as curl"),
    h("span", { className: "faint", role: "status" }, done),
  );
}
