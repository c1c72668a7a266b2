/**
 * What a container of `scripts/container/Dockerfile` has, made and started by hand: builders of images are not
 * everywhere, namespaces are. Linux and root.
 *
 * @module
 */
import { DockerfileParser } from "dockerfile-ast";
import { program, requires } from "./skip.ts";

/** Architectures as Docker calls them. */
const DOCKER_NAMES: Record<string, string> = { x86_64: "amd64", aarch64: "arm64" };

/** The libraries that the image's base has: those of glibc and of libgcc. */
const BASE_LIBRARIES = /^(ld-linux-[\w-]+|lib(c|dl|gcc_s|m|pthread|resolv|rt))\.so\.\d+$/;

/**
 * Replaces itself by the program `$1` below the folder `$0`: with nothing else in sight, a root that cannot be written
 * to, the `/proc` that container runtimes mount, another user, and no way to become root again.
 */
const ENTER = `
mount --bind "$0" "$0" && mount --rbind /proc "$0/proc" && mount -o remount,bind,ro "$0" || exit 125
user=$1; shift
exec setpriv --no-new-privs --bounding-set=-all,+sys_chroot,+setuid,+setgid chroot --userspec="$user" "$0" "$@"`;

/** Decides whether a test can run in the image's files; tells the reason if not. */
export function inImages(): { ignore: boolean } {
  const missing = missingRight();
  if (missing === undefined) return requires("setpriv", "ldd", "tar");
  console.error(`skipped, for want of ${missing}`);
  return { ignore: true };
}

/** What this process lacks to mount where nobody else sees it, if anything. */
function missingRight(): string | undefined {
  if (Deno.build.os !== "linux") return "Linux, which has mount namespaces";
  if (Deno.uid() !== 0) return "root's rights, which mount namespaces need";
  const args = ["--mount", program("mount"), "--bind", "/", "/"];
  const { success, stderr } = new Deno.Command(program("unshare"), { args }).outputSync();
  return success ? undefined : `the right to mount (${new TextDecoder().decode(stderr).trim()})`;
}

/** The root file system of the image. */
export class ImageRoot implements AsyncDisposable {
  /** Where it is. */
  readonly path: string;
  readonly #user: string;
  readonly #entrypoint: readonly string[];

  private constructor(path: string, user: string, entrypoint: readonly string[]) {
    this.path = path;
    this.#user = user;
    this.#entrypoint = entrypoint;
  }

  /** Follows a Dockerfile for this machine's architecture, with the archives in the folder `context`. */
  static async build(dockerfile: string, context: string): Promise<ImageRoot> {
    const stage = DOCKER_NAMES[Deno.build.arch];
    const path = await Deno.makeTempDir({ prefix: "tele-image-" });
    const image = { user: "", entrypoint: [] as string[] };
    let current = "";
    for (const instruction of DockerfileParser.parse(dockerfile).getInstructions()) {
      const words = instruction.getArguments().map((argument) => argument.getValue());
      const keyword = instruction.getKeyword();
      if (keyword === "FROM") current = words[2] ?? "last";
      if (current !== stage && current !== "last") continue;
      if (keyword === "ADD") await unpack(`${context}/${words[0]}`, `${path}${words[1]}`);
      else if (keyword === "USER") image.user = words[0]!;
      else if (keyword === "ENTRYPOINT") image.entrypoint = JSON.parse(words.join(" "));
      else if (!["FROM", "STOPSIGNAL"].includes(keyword)) throw new Error(`${keyword} means nothing to this test`);
    }
    // Everyone may enter an image; a temporary folder is its maker's.
    await Deno.chmod(path, 0o755);
    await Deno.mkdir(`${path}/proc`);
    await copyLibraries(`${path}${image.entrypoint[0]}`, path);
    return new ImageRoot(path, image.user, image.entrypoint);
  }

  /** A script, in the folder `folder`, that runs the image's program as a container would. Its environment is kept. */
  async script(folder: string): Promise<string> {
    const words = [program("unshare"), "--mount", program("sh"), "-c", ENTER, this.path, this.#user];
    const command = [...words, ...this.#entrypoint].map((word) => `'${word}'`).join(" ");
    const path = `${folder}/in-image`;
    await Deno.writeTextFile(path, `#!/bin/sh\nPATH='${Deno.env.get("PATH")}' exec ${command} "$@"\n`, { mode: 0o755 });
    return path;
  }

  /** Removes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

async function unpack(archive: string, folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await output("tar", "-xzf", archive, "-C", folder);
}

/** Copies what a program is linked to, and fails if the base of the image has not all of it. */
async function copyLibraries(path: string, root: string): Promise<void> {
  const listed = await output("ldd", path);
  for (const [file] of listed.matchAll(/\/\S+\.so\S*/g)) {
    const name = file.slice(file.lastIndexOf("/") + 1);
    if (!BASE_LIBRARIES.test(name)) throw new Error(`the program needs ${name}, which the image's base has not`);
    await Deno.mkdir(`${root}${file.slice(0, file.lastIndexOf("/"))}`, { recursive: true });
    await Deno.copyFile(file, `${root}${file}`);
  }
}

async function output(name: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program(name), { args, stdin: "null" }).output();
  if (!success) throw new Error(`${name}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
