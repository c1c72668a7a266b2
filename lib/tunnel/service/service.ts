/**
 * A service that is to be installed, as every system needs to know it.
 *
 * @module
 */

/** As whom a service of the system runs. */
export type Account =
  | {
    /** As a user that exists only while the service runs. */
    readonly kind: "dynamic";
  }
  | {
    /** As one of the machine's users. */
    readonly kind: "user";
    /** The user's number. */
    readonly uid: number;
  };

/** What runs, and what it needs. */
export interface Service {
  /** What it is called. */
  readonly name: string;
  /** The words that start it, the configuration's path among them. */
  readonly words: readonly string[];
  /** As whom it runs; `undefined` for a service of the user that installs it. */
  readonly account: Account | undefined;
  /** Whole paths that it reads: the program, the configuration, and the files that this names. */
  readonly reads: readonly string[];
  /** Whole paths of folders that it writes into: those of the unix sockets on which it listens. */
  readonly writes: readonly string[];
  /** Whether it starts commands (`exec:`), which may need the files of their user. */
  readonly startsCommands: boolean;
  /** The home folder where Deno finds its cache; `undefined` for the compiled program, which needs none. */
  readonly cacheHome: string | undefined;
}

/** What is written and run for a service. */
export interface ServicePlan {
  /** Path of the file. */
  readonly file: string;
  /** Commands that begin the service behind a new text of the file. */
  readonly begin: readonly (readonly string[])[];
  /** Whether they also begin a service anew that runs already; else it is to end first. */
  readonly beginsAnew: boolean;
  /** Commands that end it, in front of the file's removal. */
  readonly end: readonly (readonly string[])[];
  /** Commands behind that. */
  readonly forget: readonly (readonly string[])[];
  /** The command that tells how it is. */
  readonly status: readonly string[];
  /** What its user should know when it runs. */
  readonly hints: readonly string[];
}
