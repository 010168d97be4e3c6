import { describe, expect, test } from "vitest";
import { TraceHash } from "../../src/trace/hash.ts";
import { TraceRing } from "../../src/trace/ring.ts";

describe("TraceHash", () => {
  test("keeps its value for ever: digests are stored with replays", () => {
    const hash = new TraceHash();
    const empty = hash.digest();
    hash.event(1_250, 1, 0, 3, 0x40, 2);
    hash.event(1_300.5, 4, 1, 3, -1, 2_147_483_647);
    expect([empty, hash.digest()]).toEqual(["20cbb2fe19684a06", "ac816048d949e5ea"]);
  });

  test("does not depend on the ring that the events went through", () => {
    const digests = [1, 4, 1024].map((capacity) => {
      const ring = new TraceRing(capacity);
      const hash = new TraceHash();
      ring.addSink(hash);
      for (let i = 0; i < 100; i++) {
        ring.emit(i * 10, (i % 19) + 1, i % 4, i, -i, i * i);
        if (i % 7 === 0) ring.flush();
      }
      ring.flush();
      return hash.digest();
    });
    expect(new Set(digests).size).toBe(1);
    expect(digests[0]).toMatch(/^[0-9a-f]{16}$/);
  });

  test("reading the digest does not change it", () => {
    const [one, other] = [new TraceHash(), new TraceHash()];
    one.event(1, 2, 3, 4, 5, 6);
    one.digest();
    one.event(7, 8, 9, 10, 11, 12);
    other.event(1, 2, 3, 4, 5, 6);
    other.event(7, 8, 9, 10, 11, 12);
    expect(one.digest()).toBe(other.digest());
  });

  test("takes -0 for 0", () => {
    const [one, other] = [new TraceHash(), new TraceHash()];
    one.event(-0, 1, 0, 1, 0, 0);
    other.event(0, 1, 0, 1, 0, 0);
    expect(one.digest()).toBe(other.digest());
  });
});
