import { assert, assertEquals } from "@std/assert";
import { parse } from "@std/toml";
import { CLIENT_OUT } from "../../../../lib/tunnel/command_line/session_options.ts";
import {
  defaultKeys,
  formOf,
  keysOf,
  PROCESS_KEYS,
  takesSeveral,
  tomlExample,
  TUNNEL_ROLES,
} from "../../../../lib/tunnel/configuration/key.ts";
import { configurationSchema, type Schema } from "../../../../lib/tunnel/configuration/schema.ts";

/** The keywords of JSON Schema that are used, as draft 7 defines them; another one fails. */
const KEYWORDS: Record<string, (schema: Schema, value: unknown) => boolean> = {
  $schema: () => true,
  title: () => true,
  description: () => true,
  default: () => true,
  type: ({ type }, value) => type === typeOf(value),
  const: (schema, value) => schema.const === value,
  enum: (schema, value) => (schema.enum as unknown[]).includes(value),
  pattern: ({ pattern }, value) => typeof value !== "string" || new RegExp(pattern as string).test(value),
  minLength: ({ minLength }, value) => typeof value !== "string" || value.length >= (minLength as number),
  minItems: ({ minItems }, value) => !Array.isArray(value) || value.length >= (minItems as number),
  items: ({ items }, value) => !Array.isArray(value) || value.every((item) => takes(items as Schema, item)),
  anyOf: ({ anyOf }, value) => (anyOf as Schema[]).some((schema) => takes(schema, value)),
  oneOf: ({ oneOf }, value) => (oneOf as Schema[]).filter((schema) => takes(schema, value)).length === 1,
  required: ({ required }, value) => (required as string[]).every((name) => Object.hasOwn(value as object, name)),
  properties: ({ properties }, value) =>
    Object.entries(properties as Record<string, Schema>)
      .every(([name, schema]) => !Object.hasOwn(value as object, name) || takes(schema, (value as Schema)[name])),
  additionalProperties: ({ properties }, value) =>
    Object.keys(value as object).every((name) => Object.hasOwn(properties as object, name)),
};

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

/** Whether a value fits a schema. */
function takes(schema: Schema, value: unknown): boolean {
  const keywords = Object.keys(schema);
  // What is of another type has no properties to look at.
  if (keywords.includes("type") && !KEYWORDS.type!(schema, value)) return false;
  return keywords.every((keyword) => {
    const check = KEYWORDS[keyword];
    assert(check !== undefined, `the keyword ${keyword} is not checked here`);
    return check(schema, value);
  });
}

const SCHEMA = configurationSchema();
const takesText = (text: string) => takes(SCHEMA, parse(text));
const SERVER = '[[tunnel]]\nname = "nas"\nrole = "server"\nin = ":22"\n';
const CLIENT = '[[tunnel]]\nname = "office"\nrole = "client"\nout = "example.com:1"\n';

Deno.test("the schema takes what tele takes, and refuses what it refuses by its form", () => {
  assert(takesText(`max = 5\nlog-level = "warn"\n${SERVER}${CLIENT}tls = true\nmax = 7\n`));
  const wrong = [
    "max = 5\n",
    `in = ":22"\n${SERVER}`,
    `[[tunnel]]\nname = "a b"\nrole = "server"\nin = ":22"\n`,
    '[[tunnel]]\nname = "a"\nin = ":22"\n',
    '[[tunnel]]\nname = "a"\nrole = "client"\n',
    `${SERVER}carriers = 2\n`,
    `${SERVER}max = "5"\n`,
    `${SERVER}log-level = "info"\n`,
    `${CLIENT}tls = "yes"\n`,
    `${CLIENT}stdio = true\n`,
    `${CLIENT}encryption = "sometimes"\n`,
    CLIENT.replace('"example.com:1"', "[]"),
    CLIENT.replace('"example.com:1"', "[1]"),
  ];
  for (const text of wrong) assert(!takesText(text), text);
  assert(takesText(CLIENT.replace('"example.com:1"', '["example.com:1", "example.com:2"]')));
});

Deno.test("the schema has each key of the option table, for each role, with its meaning, and no other", () => {
  const properties = SCHEMA.properties as Record<string, Schema>;
  const names = (options: readonly { name: string }[]) => options.map(({ name }) => name);
  assertEquals(Object.keys(properties), [...names([...PROCESS_KEYS, ...defaultKeys()]), "tunnel"]);
  const roles = (properties.tunnel?.items as Schema).oneOf as Schema[];
  for (const [at, role] of TUNNEL_ROLES.entries()) {
    const own = roles[at]?.properties as Record<string, Schema>;
    assertEquals(Object.keys(own), ["name", "role", ...names(keysOf(role))]);
    for (const option of keysOf(role)) {
      const schema = own[option.name] ?? {};
      assert(String(schema.description).startsWith(option.meaning), option.name);
      assert(takes(schema, parse(tomlExample(option))[option.name]), `the example of ${option.name}`);
      // One value of each form that TOML has: the schema takes that of the option, and several where they may stand.
      const several = takesSeveral(option);
      for (const other of [true, 5, "x", ["x"], 1.5, new Date(0), {}]) {
        const isOfForm = typeOf(other) === formOf(option) || (several && Array.isArray(other));
        if (!isOfForm) assert(!takes(schema, other), `${option.name} = ${JSON.stringify(other)}`);
      }
    }
  }
  assertEquals(roles.map(({ required }) => required), [["name", "role"], ["name", "role", CLIENT_OUT.name]]);
});
