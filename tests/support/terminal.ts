/**
 * A program on a terminal of its own.
 *
 * @module
 */
import type { Scenario } from "./scenario.ts";
import { program } from "./skip.ts";
import { until } from "./wait.ts";

/**
 * Runs a command on a pseudo terminal (pty(7)): standard input is the keyboard, standard output the bytes for the
 * screen. Each SIGUSR1 gives it the next of the sizes; SIGTERM is for the command. Says on standard error whether the
 * terminal's settings are in the end as they were.
 */
const PTY = `
import fcntl, os, pty, select, signal, struct, sys, termios
sizes = [[int(n) for n in size.split("x")] for size in sys.argv[1].split(",")]
def resize(*_):
    columns, rows = sizes.pop(0)
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
go, gone = os.pipe()
pid, screen = pty.fork()
if pid == 0:
    os.read(go, 1)
    os.closerange(3, 64)
    os.execvp(sys.argv[2], sys.argv[2:])
before = termios.tcgetattr(screen)
resize()
signal.signal(signal.SIGUSR1, resize)
signal.signal(signal.SIGTERM, lambda *_: os.kill(pid, signal.SIGTERM))
os.write(gone, b"x")
keyboard = [0]
while True:
    ready = select.select(keyboard + [screen], [], [])[0]
    if 0 in ready:
        typed = os.read(0, 1024)
        if typed:
            os.write(screen, typed)
        else:
            keyboard = []
    if screen in ready:
        try:
            data = os.read(screen, 65536)
        except OSError:
            data = b""
        if not data:
            break
        os.write(1, data)
print("same" if termios.tcgetattr(screen) == before else "changed", file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

/** Options of {@linkcode Terminal}. */
export interface TerminalOptions {
  /** The program and its arguments; `deno run` in front of those of a script. */
  command: readonly string[];
  /** Its environment beside `TERM`. */
  env: Record<string, string>;
  /** Its size at the start, and those that {@linkcode Terminal.resize} gives it, as `80x24`. @default {["100x24"]} */
  sizes?: readonly string[];
}

/** A command on a terminal; it ends with its test. */
export class Terminal {
  /** The bytes for the screen. */
  raw = "";
  /** The exit code, once all of its output is there. */
  readonly ended: Promise<number>;
  /** `same` or `changed`: whether the terminal's settings are as they were, once it has ended. */
  settings = "";
  readonly #child: Deno.ChildProcess;
  readonly #keyboard: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;

  constructor(s: Scenario, { command, env, sizes = ["100x24"] }: TerminalOptions) {
    const child = this.#child = new Deno.Command(program("python3"), {
      // `deno run` clears the screen below its own progress before the program starts, unless it is told to be quiet.
      args: ["-c", PTY, sizes.join(","), ...command.toSpliced(2, 0, "--quiet")],
      env: { TERM: "xterm", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#keyboard = child.stdin.getWriter();
    const collect = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>, take: (text: string) => void) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) take(text);
    };
    const reading = [
      collect(child.stdout, (text) => this.raw += text),
      collect(child.stderr, (text) => this.settings = (this.settings + text).trim()),
    ];
    let ended = false;
    this.ended = Promise.all([child.status, ...reading]).then(([{ code }]) => {
      ended = true;
      return code;
    });
    s.defer(async () => {
      if (!ended) child.kill("SIGKILL");
      await this.ended;
      await this.#keyboard.close().catch(() => {});
    });
  }

  /** The lines on the screen, as tall as it needs to be. Knows the few codes of what writes line by line. */
  get lines(): string[] {
    const lines = [""];
    // deno-lint-ignore no-control-regex
    for (const [piece] of this.raw.matchAll(/\r\n|\r\x1b\[K|\x1b\[\d*m|[^\r\n\x1b]+|[^]/g)) {
      if (piece === "\r\n") lines.push("");
      else if (piece === "\r\x1b[K") lines[lines.length - 1] = "";
      else if (!piece.endsWith("m") || piece[0] !== "\x1b") lines[lines.length - 1] += piece;
    }
    return lines;
  }

  /** Waits until the last line matches. */
  async shows(pattern: RegExp, ms = 20_000): Promise<void> {
    try {
      await until(() => pattern.test(this.lines.at(-1)!), ms, `a last line that matches ${pattern}`);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.lines.join("\n")}`);
    }
  }

  /** Types a key. */
  async type(key: string): Promise<void> {
    await this.#keyboard.write(new TextEncoder().encode(key));
  }

  /** Gives the terminal its next size. */
  resize(): void {
    this.#child.kill("SIGUSR1");
  }

  /** Sends SIGTERM to the command. */
  terminate(): void {
    this.#child.kill("SIGTERM");
  }
}
