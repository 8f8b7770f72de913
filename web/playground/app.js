// Puts the page together: the status strip, the line about the open tab,
// and GraphiQL with our tabs.
import { ask } from "./ask.js";
import { annotate } from "./docs.js";
import { Lesson } from "./lesson.js";
import { storage } from "./looks.js";
import { Problem } from "./problem.js";
import { Strip } from "./strip.js";
import { asText, tabs } from "./tabs.js";

const h = React.createElement;

const introspection = "PlaygroundIntrospection";
let again = false;

async function fetcher(operation, { headers } = {}) {
  const answer = await ask(operation, { headers, again });
  if (operation.operationName === introspection && answer.data) annotate(answer.data.__schema);
  return answer;
}

// The status strip and the line about the open tab. They stand above GraphiQL, but need its state.
function Above() {
  const { run } = GraphiQL.React.useExecutionContext({ nonNull: true });
  const { activeTabIndex } = GraphiQL.React.useEditorContext({ nonNull: true });
  React.useEffect(() => {
    document.getElementById(`graphiql-session-tab-${activeTabIndex}`)?.scrollIntoView({ block: "nearest" });
  }, [activeTabIndex]);

  const runAgain = async () => {
    again = true;
    try {
      await run();
    } finally {
      again = false;
    }
  };
  return [
    ReactDOM.createPortal(h(Strip), document.getElementById("strip"), "strip"),
    ReactDOM.createPortal(h(Lesson, { runAgain }), document.getElementById("lesson"), "lesson"),
  ];
}

ReactDOM.createRoot(document.getElementById("playground")).render(
  h(
    GraphiQL,
    {
      fetcher,
      storage,
      introspectionQueryName: introspection,
      defaultTabs: tabs.map(({ query, variables }) => ({ query, variables: asText(variables) })),
      defaultQuery: "# Your own operation: Ctrl+Space shows what there is.\n",
      defaultEditorToolsVisibility: "variables",
      shouldPersistHeaders: false,
    },
    h(GraphiQL.Logo, null, null),
    h(GraphiQL.Footer, null, h(Problem)),
    h(Above),
  ),
);
