/** A queue in words: head, tail, and a next for each thread. Several queues may share the nexts of one set of threads. */

/** Appends `thread`. `head`: the queue's two words; `next`: where the nexts begin, that of thread 0 unused. */
export function append(queue: Int32Array, head: number, next: number, thread: number): void {
  queue[next + thread] = 0;
  const tail = queue[head + 1]!;
  if (tail === 0) queue[head] = thread;
  else queue[next + tail] = thread;
  queue[head + 1] = thread;
}

/** Takes the first; 0 when there is none. */
export function takeFirst(queue: Int32Array, head: number, next: number): number {
  const first = queue[head]!;
  if (first === 0) return 0;
  queue[head] = queue[next + first]!;
  if (queue[head] === 0) queue[head + 1] = 0;
  return first;
}

/** Takes `thread` out, wherever it is. False: it is not there. */
export function unlink(queue: Int32Array, head: number, next: number, thread: number): boolean {
  let before = 0;
  // Bounded by the queue, in which each thread is at most once.
  for (let at = queue[head]!; at !== 0; before = at, at = queue[next + at]!) {
    if (at !== thread) continue;
    if (before === 0) queue[head] = queue[next + at]!;
    else queue[next + before] = queue[next + at]!;
    if (queue[head + 1] === thread) queue[head + 1] = before;
    return true;
  }
  return false;
}
