// The open tab, and links to other tabs.
const h = React.createElement;

export function useOpenTab() {
  const editor = GraphiQL.React.useEditorContext({ nonNull: true });
  const { tabs, activeTabIndex, changeTab } = editor;
  const indexOf = (title) => tabs.findIndex((tab) => tab.title === title);
  const setVariables = (variables) => {
    editor.variableEditor.setValue(variables);
    editor.updateActiveTabValues({ variables });
  };
  return { tab: tabs[activeTabIndex], indexOf, changeTab, setVariables };
}

// A link that opens a tab by its title. If the tab was closed, only the title.
export function TabLink({ tab }) {
  const { indexOf, changeTab } = useOpenTab();
  const index = indexOf(tab);
  if (index < 0) return tab;
  return h("button", { type: "button", className: "link", onClick: () => changeTab(index) }, tab);
}
