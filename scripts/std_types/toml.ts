// @ts-types="./toml.d.ts"
export * from "deno-std/toml/mod.js";
