/** When parts of a search are no longer given to others, and for how long. */
import { expect, test } from "vitest";
import { Sharing } from "../../src/parallel/sharing.ts";

function smallOnes(sharing: Sharing, count: number, now: number): void {
  for (let i = 0; i < count; i++) sharing.note(1, 1, false, now);
}

test("eight small units in a row, and one goes on alone", () => {
  const sharing = new Sharing(0);
  smallOnes(sharing, 7, 5);
  sharing.note(64, 50, false, 5);
  smallOnes(sharing, 7, 5);
  expect([sharing.alone, sharing.patience]).toEqual([false, 20]);
  smallOnes(sharing, 1, 5);
  expect([sharing.alone, sharing.patience]).toEqual([true, 80]);
});

test("the next try comes after twenty times as long as the last one took, a minute at most", () => {
  const sharing = new Sharing(0);
  smallOnes(sharing, 8, 100);
  expect(sharing.patience).toBe(2_000);
  sharing.note(5_000, 50, true, 3_000);
  expect(sharing.alone).toBe(false);
  smallOnes(sharing, 8, 3_100);
  expect([sharing.alone, sharing.patience]).toEqual([true, 8_000]);
  sharing.note(5_000, 50, true, 12_000);
  smallOnes(sharing, 8, 15_100);
  expect(sharing.patience).toBe(60_000);
});

test("patience goes when sharing pays again", () => {
  const sharing = new Sharing(0);
  smallOnes(sharing, 8, 10);
  sharing.note(1_000, 50, true, 500);
  for (let i = 0; i < 4; i++) sharing.note(1_000, 50, false, 500);
  expect(sharing.patience).toBe(20);
});

test("small units that took long are enough sooner", () => {
  const sharing = new Sharing(0);
  sharing.note(1, 350, false, 10);
  expect(sharing.alone).toBe(false);
  sharing.note(1, 350, false, 10);
  expect(sharing.alone).toBe(true);
});
