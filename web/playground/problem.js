// Shows an error: what happened, and what a client should do next.
import { guide } from "./guide.js";
import { TabLink, useOpenTab } from "./open.js";

const h = React.createElement;

export function Problem() {
  const { tab } = useOpenTab();
  const [error, ...more] = errorsOf(tab.response);
  if (!error) return null;
  const { reason, code, nextStep, retryAfterSeconds } = error.extensions ?? {};

  return h(
    "section",
    { className: "problem", role: "alert", "aria-label": "Error" },
    h("p", null, h("strong", null, reason ?? "Error"), code && h("span", { className: "faint" }, ` ${code}`)),
    h("p", null, error.message),
    nextStep && h(NextStep, { nextStep, retryAfterSeconds }),
    /^APPLICATION_/.test(reason) && h("p", null, "The application is chosen at the top."),
    more.length > 0 && h("p", { className: "faint" }, `and ${more.length} more`),
    guide.nextSteps.length > 0 && tab.title === "FailsOnPurpose" && h(AllNextSteps, { nextStep }),
  );
}

function NextStep({ nextStep, retryAfterSeconds }) {
  return h(
    "p",
    null,
    "nextStep ",
    h("code", null, nextStep),
    ": ",
    nextStep === "WAIT" && retryAfterSeconds ? `wait ${retryAfterSeconds} s. ` : "",
    h(Text, { text: guide.nextSteps.find(({ name }) => name === nextStep)?.description ?? "" }),
    nextStep === "SIGN_IN" && h(React.Fragment, null, " ", h(TabLink, { tab: "SignIn" })),
    nextStep === "REFRESH" && h(React.Fragment, null, " ", h(TabLink, { tab: "Refresh" })),
  );
}

function AllNextSteps({ nextStep }) {
  return h(
    React.Fragment,
    null,
    h("p", null, "Every error names one of these, so a client needs no list of reasons:"),
    h(
      "dl",
      null,
      guide.nextSteps.map(({ name, description }) =>
        h(
          "div",
          { key: name, className: name === nextStep ? "present" : undefined },
          h("dt", null, h("code", null, name)),
          h("dd", null, h(Text, { text: description })),
        ),
      ),
    ),
  );
}

// Shows a text of the schema, which has code between backticks.
const Text = ({ text }) => text.split("`").map((part, i) => (i % 2 ? h("code", { key: i }, part) : part));

// Returns the errors of a tab's answer. A text that is not JSON is an error of GraphiQL itself.
function errorsOf(response) {
  if (!response) return [];
  try {
    return JSON.parse(response).errors ?? [];
  } catch {
    return [{ message: response }];
  }
}
