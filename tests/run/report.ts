/**
 * What came of tests, from the reports that `deno test --junit-path` writes.
 *
 * @module
 */

/** What came of the tests of one file. */
export interface FileResult {
  readonly path: string;
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
  readonly seconds: number;
}

/** What came of all. */
export interface Total {
  passed: number;
  failed: number;
  ignored: number;
}

const SUITE =
  /<testsuite name="(.*?)" tests="(\d+)" disabled="(\d+)" errors="(\d+)" failures="(\d+)">([^]*?)<\/testsuite>/g;
const CASE = /<testcase name="(.*?)" classname=".*?" time="([\d.]+)"/g;

/** The files of a report. The steps of a test count as tests, and their time as that of their test. */
export function resultsOf(report: string): FileResult[] {
  return [...report.matchAll(SUITE)].map(([, path = "", tests, disabled, errors, failures, cases = ""]) => {
    const [failed, ignored] = [Number(errors) + Number(failures), Number(disabled)];
    const seconds = [...cases.matchAll(CASE)]
      .filter(([, name = ""], _, all) => !all.some(([, other]) => name.startsWith(`${other} &gt; `)))
      .reduce((sum, [, , time]) => sum + Number(time), 0);
    return { path: path.replace(/^\.\//, ""), passed: Number(tests) - failed - ignored, failed, ignored, seconds };
  });
}

/** Adds what came of one part. One that ended badly without a failed test, as when a file does not load, has failed. */
export function add(total: Total, files: readonly FileResult[], exitCode: number): void {
  const sum = (of: (file: FileResult) => number) => files.reduce((sum, file) => sum + of(file), 0);
  const failed = sum((file) => file.failed);
  total.passed += sum((file) => file.passed);
  total.failed += failed === 0 && exitCode !== 0 ? 1 : failed;
  total.ignored += sum((file) => file.ignored);
}

/** The files that took longest, the longest first: a line each. */
export function slowest(files: readonly FileResult[], most: number): string[] {
  const byTime = files.toSorted((one, other) => other.seconds - one.seconds).slice(0, most);
  return byTime.map(({ path, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${path}`);
}

/** The closing line, in the words of `deno test`. */
export function closingLine({ passed, failed, ignored }: Total, seconds: number): string {
  const took = `${Math.floor(seconds / 60)}m${Math.round(seconds) % 60}s`;
  return `${failed === 0 ? "ok" : "FAILED"} | ${passed} passed | ${failed} failed | ${ignored} ignored (${took})`;
}
