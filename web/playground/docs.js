// Adds to the descriptions of the docs panel what introspection omits: the arguments of @needs and
// @fails, and which fields are for the back office.
import { guide } from "./guide.js";

export function annotate(schema) {
  for (const field of guide.fields) {
    const shown = rootField(schema, field);
    if (shown) shown.description = describe(shown.description, field);
  }
  for (const name of new Set(guide.fields.map(({ type }) => type))) {
    const root = schema.types.find((type) => type.name === name);
    root?.fields.sort((a, b) => isBackOffice(name, a) - isBackOffice(name, b));
  }
  schema.description = overview();
}

const rootField = (schema, { type, name }) =>
  schema.types.find((root) => root.name === type)?.fields.find((field) => field.name === name);

const isBackOffice = (type, { name }) =>
  guide.fields.some((field) => field.type === type && field.name === name && field.isBackOffice);

function describe(description, { needs, isBackOffice, fails }) {
  const parts = [isBackOffice ? `**Back office.** ${description}` : description];
  if (needs) parts.push(`**@needs** the behavior \`${needs}\`.`);

  if (fails.length === 0) {
    parts.push("**@fails** with nothing but what every operation can fail with.");
  } else {
    const reasons = fails.map((reason) => `- \`${reason}\` ${guide.reasons[reason]}`);
    parts.push("**@fails** with what every operation can fail with, and:", reasons.join("\n"));
  }
  return parts.join("\n\n");
}

// The first page of the docs panel.
function overview() {
  const names = (isBackOffice) =>
    guide.fields
      .filter((field) => field.isBackOffice === isBackOffice)
      .map(({ name }) => `- \`${name}\``)
      .join("\n");
  return [
    "**The shopper's fields**",
    names(false),
    "**The back office's fields**, for confidential applications with a behavior",
    names(true),
  ].join("\n\n");
}
