/**
 * The recipes of the README and the manual: their blocks of commands and configurations, as they are printed.
 *
 * @module
 */

/** One block of a document. */
export interface Block {
  /** The word behind the opening fence, such as `sh`. */
  readonly language: string;
  /** Its lines, without a line end behind the last. */
  readonly text: string;
}

/** The blocks below one title of a document. */
export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** Blocks that are looked at, not typed. */
const PICTURES = ["text"];

/**
 * The sections that have recipes.
 *
 * @throws If a block is indented instead of fenced, or its language is missing: nobody would find it.
 */
export function recipeSections(document: string): Section[] {
  return document.split(/^## /m).flatMap((part) => {
    const title = part.slice(0, part.indexOf("\n"));
    const fenced = /^```([^\n]*)\n(.*?)\n```$/gms;
    const blocks = Array.from(part.matchAll(fenced), ([, language, text]) => ({ language: language!, text: text! }));
    if (blocks.some(({ language }) => language === "")) throw new Error(`${title}: a block without a language`);
    const indented = /\n\n( {4,}\S.*)/.exec(part.replace(fenced, ""));
    if (indented !== null) throw new Error(`${title}: an indented block, which is to be fenced: ${indented[1]}`);
    const recipes = blocks.filter(({ language }) => !PICTURES.includes(language));
    return recipes.length > 0 ? [{ title, blocks: recipes }] : [];
  });
}

/** The commands of a block, each as one line. */
export function commandsOf({ text }: Block): string[] {
  return text.replace(/\\\n\s*/g, "").split("\n");
}

/** Hands out the blocks of a section in order, to whoever runs them. */
export class Recipes {
  readonly #section: Section;
  #next = 0;

  constructor(section: Section) {
    this.#section = section;
  }

  /** The next block; throws if there is none, or it does not begin with `text`. */
  next(text: string): Block {
    const block = this.#section.blocks[this.#next++];
    if (block?.text.startsWith(text)) return block;
    throw new Error(`${this.#section.title}: block ${this.#next} should begin with ${text}, it is:\n${block?.text}`);
  }

  /** Throws if a block was not taken. */
  end(): void {
    const { title, blocks } = this.#section;
    const left = blocks.slice(this.#next);
    if (left.length > 0) throw new Error(`${title}: a recipe that no test runs:\n${left[0]!.text}`);
  }
}
