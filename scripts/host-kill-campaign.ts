/**
 * Host threads of machines ended at random moments under load, half of eight in each machine: `npm run kills:tasks`. MACHINES and SEED
 * change it. Joiners must be told, the others end as they would have, and no Worker may be left.
 */
import assert from "node:assert/strict";
import { createThreadMachine } from "../src/machine/threads/index.ts";
import { Sfc32 } from "../src/random/sfc32.ts";
import { HOSTS } from "../test/support/host-campaign.ts";

interface Said {
  readonly ends?: readonly (number | { readonly code: string; readonly state: string })[];
  readonly tid?: number;
  readonly number?: number;
}

const machines = Number(process.env["MACHINES"] ?? 10);
const seed = Number(process.env["SEED"] ?? 1);
for (let n = 0; n < machines; n++) {
  const random = new Sfc32(seed + n);
  let ends: Said["ends"] = [];
  const machine = await createThreadMachine({
    vcpus: 2,
    image: new URL("../test/support/host-campaign.ts", import.meta.url),
    loadTimeoutMs: 60_000,
    onMessage: (value) => {
      const said = value as Said;
      if (said.ends !== undefined) ends = said.ends;
      else if (said.number! % 2 === 1) setTimeout(() => machine.endHost(said.tid!), random.next() * 300);
    },
  });
  const { ns } = await machine.run({ timeoutMs: 120_000 });
  await machine.halt();
  assert.equal(ends?.length, HOSTS);
  for (const [number, end] of ends.entries()) {
    if (typeof end === "number") assert.equal(end, number);
    else assert.deepEqual([number % 2, end.code], [1, "ERR_KILLED"]);
  }
  assert.equal(machine.workers, 0);
  const states = machine.hostDeaths.map(({ state }) => state);
  console.log(JSON.stringify({ seed: seed + n, killed: states.length, states, ms: Math.round(ns / 1e6) }));
}
