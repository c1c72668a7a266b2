/**
 * Text in XML.
 *
 * @module
 */

/**
 * The text between two tags. All that is not ASCII is a character reference (XML 1.0, 4.1), so that no reader can take
 * the file for one of another encoding.
 *
 * @example
 * ```ts
 * import { xmlText } from "./xml_text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(xmlText("R&D <ä>"), "R&#38;D &#60;&#228;&#62;");
 * ```
 */
export function xmlText(text: string): string {
  return text.replace(/[&<>"']|[^\x20-\x7e]/gu, (character) => `&#${character.codePointAt(0)};`);
}
