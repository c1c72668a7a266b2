/**
 * The JSON schema of a configuration, by which editors complete and check it.
 *
 * @module
 */

import type { Option } from "../command_line/option.ts";
import { defaultKeys, formOf, keysOf, NAME_KEY, PROCESS_KEYS, ROLE_KEY, takesSeveral, TUNNEL_ROLES } from "./key.ts";
import type { TunnelRole } from "./key.ts";
import { TUNNEL_NAME } from "./tunnel_table.ts";

/** A schema, or a part of one (JSON Schema, draft 7, which editors' TOML extensions read). */
export type Schema = Readonly<Record<string, unknown>>;

/** The schema, made from the option table. */
export function configurationSchema(): Schema {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "tele --config",
    type: "object",
    additionalProperties: false,
    required: ["tunnel"],
    properties: {
      ...propertiesOf([...PROCESS_KEYS, ...defaultKeys()]),
      tunnel: {
        description: "the tunnels of the process",
        type: "array",
        minItems: 1,
        items: { oneOf: TUNNEL_ROLES.map(tunnelSchema) },
      },
    },
  };
}

function tunnelSchema(role: TunnelRole): Schema {
  const options = keysOf(role);
  const isRequired = (option: Option) =>
    option.kind === "value" && option.default === undefined && option.without === undefined;
  return {
    type: "object",
    additionalProperties: false,
    required: [NAME_KEY, ROLE_KEY, ...options.filter(isRequired).map(({ name }) => name)],
    properties: {
      [NAME_KEY]: {
        description: "what its log lines begin with; no other tunnel has it",
        type: "string",
        pattern: TUNNEL_NAME.source,
      },
      [ROLE_KEY]: { description: "beside the user's server, or beside the user's client", const: role },
      ...propertiesOf(options),
    },
  };
}

function propertiesOf(options: readonly Option[]): Record<string, Schema> {
  return Object.fromEntries(options.map((option) => [option.name, propertyOf(option)]));
}

function propertyOf(option: Option): Schema {
  const description = option.kind === "flag" ? option.meaning : `${option.meaning}; takes ${option.takes}`;
  const one = valueSchema(option);
  if (!takesSeveral(option)) return { description, ...one };
  return { description, anyOf: [one, { type: "array", minItems: 1, items: one }] };
}

function valueSchema(option: Option): Schema {
  const form = formOf(option);
  if (option.kind === "flag") return { type: form };
  const initial = option.default === undefined
    ? {}
    : { default: form === "integer" ? Number(option.default) : option.default };
  const { words, paths } = option.completes ?? {};
  // With paths beside them, words are not all that it takes.
  if (words !== undefined && paths === undefined) return { enum: words, ...initial };
  return { type: form, ...form === "string" ? { minLength: 1 } : {}, ...initial };
}
