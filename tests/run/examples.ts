/**
 * The examples in the docs, as `deno test --doc` would run them, which starts a worker for each: of hundreds that cost
 * more than a minute of a processor's time, nearly all of it for starting.
 *
 * @module
 */

/** An example: a fenced block of TypeScript in a comment or a page. */
export interface Example {
  /** The first line of its text, in the file. */
  readonly line: number;
  readonly text: string;
}

const FENCE = /^(\s*(?:\* ?)?)```(\S*)\s*(.*)$/;

/** The examples in the text of a file. */
export function examplesOf(text: string): Example[] {
  const examples: Example[] = [];
  const lines = text.split("\n");
  for (let index = 0; index < lines.length; index++) {
    const [, margin = "", language, attributes = ""] = FENCE.exec(lines[index]!) ?? [];
    if (language === undefined) continue;
    const end = lines.findIndex((line, at) => at > index && line.trimEnd() === `${margin}\`\`\``);
    if (end < 0) throw new Error(`line ${index + 1}: the block has no end`);
    const block = lines.slice(index + 1, end).map((line) => line.slice(margin.length));
    if (language === "ts" && !attributes.includes("ignore")) {
      examples.push({ line: index + 2, text: block.join("\n") });
    }
    index = end;
  }
  return examples;
}

const IMPORT = /^import\s[^;]*;$/gm;

/** A module with a test that runs an example; the paths of what it imports begin at `file`, a `file:` URL. */
export function moduleOf({ text, line }: Example, path: string, file: URL): string {
  const absolute = (code: string) =>
    code.replace(/\b(from |import\(|import )"(\.[^"]*)"/g, (_, word, to) => `${word}"${new URL(to, file)}"`);
  const imports = text.match(IMPORT) ?? [];
  const body = text.replace(IMPORT, "");
  return [
    ...imports.map(absolute),
    `Deno.test(${JSON.stringify(`${path}:${line}`)}, async () => {`,
    absolute(body),
    "});",
    "",
  ].join("\n");
}
