import { assertEquals } from "@std/assert";
import { xmlText } from "../../../../lib/tunnel/service/xml_text.ts";

Deno.test("what has a meaning in XML, and what is not ASCII, is a character reference", () => {
  assertEquals(xmlText(`a&b<c>"d'`), "a&#38;b&#60;c&#62;&#34;d&#39;");
  assertEquals(xmlText("ä😀\t"), "&#228;&#128512;&#9;");
  assertEquals(xmlText("/opt/tele --config=x.toml"), "/opt/tele --config=x.toml");
});
