/**
 * The install scripts of a release: those of this folder, told where its files are.
 *
 * @module
 */

/** The install scripts of this folder. */
export const INSTALLERS: readonly string[] = ["install.sh", "install.ps1"];

/** The line of an install script that tells where the files are; it is empty here, since only a release knows. */
const URL_LINE = /^(release_url=|\$ReleaseUrl = )""$/m;

/**
 * An install script that downloads from `url`.
 *
 * @throws If the script has no line for it.
 */
export function withReleaseUrl(script: string, url: string): string {
  if (!URL_LINE.test(script)) throw new Error("the install script has no line for the place of the files");
  return script.replace(URL_LINE, (_, name) => `${name}"${url}"`);
}
