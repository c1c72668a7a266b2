/**
 * The files for shells and for `man` that every archive has beside the program, each called as who reads it wants.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { completionFor } from "../../lib/tunnel/shells/completion.ts";
import { manPage } from "../../lib/tunnel/shells/man_page.ts";
import type { ArchiveFile } from "./archive.ts";

/** The files, made from the option table. */
export function shellFiles(): ArchiveFile[] {
  const texts = {
    "tele.1": manPage(config.version),
    "tele.bash": completionFor("bash"),
    // The name by which zsh finds it in a folder of `fpath`.
    "_tele": completionFor("zsh"),
    "tele.fish": completionFor("fish"),
    "tele.ps1": completionFor("powershell"),
  };
  return Object.entries(texts).map(([name, text]) => ({
    name,
    bytes: new TextEncoder().encode(text),
    isProgram: false,
  }));
}
