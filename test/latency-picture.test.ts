/** The picture in the README is what the machine measures today. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { latencyPicture, PICTURE } from "../scripts/latency-picture.ts";

it("is the picture that `npm run picture` makes", () => {
  const picture = latencyPicture();
  expect(picture).toContain("WF_CURRENT_CPU");
  expect(readFileSync(PICTURE, "utf8")).toBe(picture);
});
