/**
 * The machine on which a service is installed.
 *
 * @module
 */
import { dirname } from "node:path";
import { badInput, reasonOf } from "../../net/error.ts";
import { writeLine } from "../log/standard_streams.ts";
import type { ServiceHost } from "./installer.ts";

/** The machine that this process runs on. */
export const systemHost: ServiceHost = {
  async read(path) {
    try {
      return await Deno.readTextFile(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw failure(`${path} cannot be read`, error);
    }
  },
  async write(path, text) {
    try {
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeTextFile(path, text, { mode: 0o644 });
    } catch (error) {
      throw failure(`${path} cannot be written`, error);
    }
  },
  async remove(path) {
    try {
      await Deno.remove(path);
    } catch (error) {
      throw failure(`${path} cannot be removed`, error);
    }
  },
  async run([program = "", ...args]) {
    const streams = { stdin: "inherit", stdout: "inherit", stderr: "inherit" } as const;
    try {
      const { code } = await new Deno.Command(program, { ...streams, args }).spawn().status;
      return code;
    } catch (error) {
      throw failure(`${program} cannot be started`, error);
    }
  },
  async say(line) {
    await writeLine(Deno.stdout, line);
  },
};

function failure(sentence: string, error: unknown): Error {
  const reason = error instanceof Deno.errors.NotFound
    ? "it is not there"
    : error instanceof Deno.errors.PermissionDenied
    ? "this user may not"
    : reasonOf(error);
  return badInput(`${sentence}: ${reason}`, { cause: error });
}
