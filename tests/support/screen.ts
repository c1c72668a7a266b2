/**
 * A terminal in memory.
 *
 * @module
 */
import { StatusTerminal } from "../../lib/tunnel/log/status_terminal.ts";

/** Takes what a terminal would get. */
export class Screen {
  text = "";
  columns = 80;
  readonly terminal: StatusTerminal;

  constructor(rewraps = true) {
    this.terminal = new StatusTerminal({
      write: (bytes) => {
        this.text += new TextDecoder().decode(bytes);
        return Promise.resolve(bytes.length);
      },
      columns: () => this.columns,
      rewraps,
    });
  }

  /** What came since the last call. */
  async take(): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    const { text } = this;
    this.text = "";
    return text;
  }
}
