/** Types of `@std/text/levenshtein-distance`: see the note in `README.md` of this folder. */

/** How many letters must be put in, left out or changed to make one text of the other. */
export function levenshteinDistance(str1: string, str2: string): number;
