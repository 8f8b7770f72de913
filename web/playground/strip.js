// The status strip: the shopper, how long the access token lives, and the chosen application.
import { chooseApplication, useApplications } from "./application.js";
import { ask } from "./ask.js";
import { useShopper } from "./shopper.js";
import { useNow } from "./store.js";

const h = React.createElement;

const refresh = {
  query: `mutation ($refreshToken: String!) {
    refreshTicket(refreshToken: $refreshToken) {
      accessToken accessTokenExpiration refreshToken userId customerAccount { userName isAnonymous }
    }
  }`,
  variables: { refreshToken: "" },
};
const signOut = {
  query: `mutation ($refreshToken: String!) { revokeTicket(refreshToken: $refreshToken) { sessionsEnded } }`,
  variables: { refreshToken: "" },
};

export function Strip() {
  const shopper = useShopper();
  const [problem, setProblem] = React.useState("");
  React.useEffect(() => setProblem(""), [shopper]);

  const run = async (operation) => {
    const { errors } = await ask(operation).catch((error) => ({ errors: [error] }));
    setProblem(errors?.[0].message ?? "");
  };
  const canAct = Boolean(shopper.ticket?.refreshToken) && !shopper.ended;

  return h(
    React.Fragment,
    null,
    h("strong", { className: "brand" }, "authtickets"),
    h("div", { className: "who" }, h(Who, shopper), problem && h("span", { className: "bad", role: "alert" }, problem)),
    h(
      "div",
      { className: "acts" },
      h("button", { type: "button", disabled: !canAct, onClick: () => run(refresh) }, "Refresh"),
      h("button", { type: "button", disabled: !canAct, onClick: () => run(signOut) }, "Sign out"),
    ),
    h(ApplicationPicker),
  );
}

function Who({ ticket, ended }) {
  if (!ticket) return h("span", { className: "faint" }, "Nobody yet: run AnonymousTicket or SignIn");
  const unnamed = `${ticket.isAnonymous ? "guest" : "customer"} ${short(ticket.userId)}`;
  return h(
    React.Fragment,
    null,
    h("span", { className: "name" }, ticket.name ?? unnamed),
    ended ? h("span", { className: "bad" }, `session over: ${ended}`) : h(TimeLeft, ticket),
  );
}

const short = (userId) => (userId ?? "").slice(0, 8);

function TimeLeft({ expiresAt }) {
  const seconds = Math.ceil((expiresAt - useNow()) / 1000);
  if (Number.isNaN(seconds)) return null;
  if (seconds <= 0) return h("span", { className: "bad" }, "access token expired: refresh");
  return h("span", { className: "left", role: "timer" }, `${seconds} s left`);
}

function ApplicationPicker() {
  const { chosen, known } = useApplications();
  const [typed, setTyped] = React.useState(chosen);
  React.useEffect(() => setTyped(chosen), [chosen]);

  const choose = (id) => id !== chosen && chooseApplication(id);
  const type = ({ target: { value } }) => {
    setTyped(value);
    if (value === "" || known.includes(value)) choose(value);
  };

  return h(
    "form",
    {
      className: "application",
      onSubmit: (event) => {
        event.preventDefault();
        choose(typed.trim());
      },
    },
    h("label", { htmlFor: "application" }, "Application"),
    h("input", {
      id: "application",
      type: "search",
      list: "applications",
      placeholder: "the only public one",
      autoComplete: "off",
      spellCheck: false,
      value: typed,
      onChange: type,
      onBlur: () => choose(typed.trim()),
    }),
    h("datalist", { id: "applications" }, known.map((id) => h("option", { key: id, value: id }))),
  );
}
