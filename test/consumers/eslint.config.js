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
      // The userId identifies an account, its shopper and its tickets. The id of an account is
      // Kibo's, and null for an anonymous shopper. The excepted types have no identity.
      "@graphql-eslint/strict-id-in-types": [
        "error",
        {
          acceptedIdNames: ["userId", "id"],
          exceptions: { types: ["CustomerAttribute", "RevokedTickets", "TicketIntrospection"] },
        },
      ],
    },
  },
];
