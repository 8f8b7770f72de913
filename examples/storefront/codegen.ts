import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "../../schema.graphqls",
  documents: "src/*.graphql",
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: { strictScalars: true, scalars: { DateTime: "string", JSON: "unknown" }, useTypeImports: true },
    },
  },
};

export default config;
