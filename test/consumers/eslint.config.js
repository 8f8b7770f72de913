import { fileURLToPath } from "node:url";
import graphql from "@graphql-eslint/eslint-plugin";

const schema = fileURLToPath(new URL("../../schema.graphqls", import.meta.url));
const { rules } = graphql.configs["flat/schema-recommended"];

export default [
  {
    files: ["**/*.graphqls"],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema } } },
    plugins: { "@graphql-eslint": graphql },
    rules: {
      ...rules,
      // An account is known by its userId, which it has in common with its shopper and tickets. Its id is Kibo's, and null for an anonymous shopper. What is said of a token is
      // nothing that has an identity.
      "@graphql-eslint/strict-id-in-types": [
        "error",
        { acceptedIdNames: ["userId", "id"], exceptions: { types: ["CustomerAttribute", "RevokedTickets", "TicketIntrospection"] } },
      ],
    },
  },
];
