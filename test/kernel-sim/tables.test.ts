/** Records are laid out by hand: no two fields may share a byte, and no field may reach into the next record. */
import { describe, expect, test } from "vitest";
import { Arena } from "../../src/kernel-sim/arena.ts";
import { CpuTable } from "../../src/kernel-sim/cpu-table.ts";
import { SmpTable } from "../../src/kernel-sim/smp/smp-table.ts";
import { TaskTable } from "../../src/kernel-sim/task-table.ts";

type Getter = (row: number) => number;
type Setter = (row: number, to: number) => void;
interface Field {
  readonly name: string;
  readonly get: Getter;
  readonly set: Setter;
}

/** The pairs `field(row)` and `setField(row, to)` of a table. */
function fieldsOf(table: object): Field[] {
  const members = table as Record<string, unknown>;
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(table));
  return names.flatMap((name) => {
    const setter = members[`set${name[0]!.toUpperCase()}${name.slice(1)}`];
    if (typeof setter !== "function" || typeof members[name] !== "function") return [];
    return [{ name, get: (members[name] as Getter).bind(table), set: (setter as Setter).bind(table) }];
  });
}

function twice<T>(make: (arena: Arena) => T): T {
  const measure = new Arena(0);
  make(measure);
  return make(new Arena(0, new ArrayBuffer(measure.end)));
}

const TABLES: readonly (readonly [string, object, readonly number[]])[] = [
  ["TaskTable", twice((arena) => new TaskTable(arena, 3, 4)), [1, 2, 3]],
  ["CpuTable", twice((arena) => new CpuTable(arena, 3)), [0, 1, 2]],
  ["SmpTable", twice((arena) => new SmpTable(arena, 3)), [0, 1, 2]],
];

describe.each(TABLES)("%s", (_, table, rows) => {
  const fields = fieldsOf(table);

  test("has fields", () => {
    expect(fields.length).toBeGreaterThan(4);
  });

  test.each(fields.map((field) => [field.name, field] as const))(
    "%s has a place of its own",
    (_name, field) => {
      const others = fields.flatMap((other) => rows.map((row) => ({ other, row })));
      for (const { other, row } of others) other.set(row, 0);
      for (const row of rows) {
        field.set(row, 0x5a5a_5a5a);
        const touched = others.filter((at) => at.other.get(at.row) !== 0);
        expect(touched.map((at) => `${at.other.name}(${at.row})`)).toEqual([`${field.name}(${row})`]);
        field.set(row, 0);
      }
    },
  );
});
