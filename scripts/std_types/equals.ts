// @ts-types="./equals.d.ts"
export * from "deno-std/bytes/equals.js";
