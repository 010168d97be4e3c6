/**
 * What an observer may subscribe to, by `node:diagnostics_channel`. Names are stable; what a message has may grow.
 *
 * | channel                     | published                                   | message                        |
 * |-----------------------------|---------------------------------------------|--------------------------------|
 * | `tracing:umcg:run:start`    | a machine begins to run, or goes on          | `{ machine }`                  |
 * | `tracing:umcg:run:end`      | it has stopped running                       | `{ machine, result }`          |
 * | `tracing:umcg:run:error`    | it threw: a deadlock, a broken invariant ... | `{ machine, error }`           |
 * | `umcg:explore:violation`    | an exploration found something new           | a `Finding`                    |
 * | `umcg:explore:end`          | it has come to its end, or was ended         | an `ExploreResult`             |
 *
 * While nobody has subscribed a run makes one small object for it, and nothing else is made or called. These are the points at which somebody outside may have
 * something to do. What happens on a machine from ns to ns is its trace (trace/ring.ts), which is typed words and no
 * objects. Rejected: a message for each context switch or system call, which would cost more than the switch even when
 * nobody listens to it.
 *
 * A subscriber is called in the middle of things and must not run the machine. Determinism is not touched: nothing is read.
 */
import { type Channel, channel, type TracingChannel, tracingChannel } from "node:diagnostics_channel";

/** A run of a machine, or a slice of one. */
export const RUN: TracingChannel<object, { machine: unknown }> = tracingChannel("umcg:run");

export const VIOLATION: Channel<unknown, unknown> = channel("umcg:explore:violation");

export const EXPLORE_END: Channel<unknown, unknown> = channel("umcg:explore:end");
