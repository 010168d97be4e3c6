/** n threads that draw a number and wait for it. */
import { type BenchProgram, define } from "./define.ts";

export const ticketlock: BenchProgram = define("ticketlock", { n: 2 }, ({ n }) => (bare) => {
  const next = bare.word(0, "next");
  const serving = bare.word(0, "serving");
  for (let t = 0; t < n; t++) {
    bare.thread(function* () {
      const ticket = yield* bare.add32(next, 1);
      yield* bare.until(serving, (number) => number === ticket);
      yield* bare.store32(serving, ticket + 1);
    });
  }
});
