/**
 * The token of a status address.
 *
 * @module
 */
import { badInput } from "../../net/error.ts";
import { readFiles } from "../files/watched_files.ts";

/**
 * Reads the token that a process asks for at its status address: the whole file, without the line end.
 *
 * @throws {TeleError} `bad-input` if the file cannot be read, or holds no such token.
 */
export async function readStatusToken(path: string): Promise<string> {
  const { "--token-file": text = "" } = await readFiles({ "--token-file": path });
  const token = text.trim();
  // It goes into a header of HTTP.
  if (!/^[!-~]+$/.test(token)) {
    throw badInput(`--token-file=${path} holds no token: it is one line of letters, digits and signs, without blanks`);
  }
  return token;
}
