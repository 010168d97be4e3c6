import { expect, test } from "vitest";
import { LEAST_SPAN_NS, Viewport } from "../../src/report/model/viewport.ts";

test("zooming keeps the time under the pointer where it is", () => {
  const view = new Viewport(0, 1000);
  view.zoom(0.5, 250);
  expect([view.start, view.end]).toEqual([125, 625]);
  view.zoom(2, 250);
  expect(view.showsAll).toBe(true);
});

test("nobody leaves what there is, or sees less than the least", () => {
  const view = new Viewport(100, 1100);
  view.zoom(0.1);
  view.pan(100);
  expect([view.start, view.end]).toEqual([1000, 1100]);
  view.pan(-100);
  expect([view.start, view.end]).toEqual([100, 200]);
  view.zoom(1e-9);
  expect(view.span).toBe(LEAST_SPAN_NS);
  view.zoom(1e9);
  expect([view.start, view.end]).toEqual([100, 1100]);
});

test("who listens hears of changes only", () => {
  let heard = 0;
  const view = new Viewport(0, 100);
  view.onChange(() => heard++);
  view.all();
  view.pan(1);
  expect(heard).toBe(0);
  view.show(10, 40);
  view.all();
  expect(heard).toBe(2);
});
