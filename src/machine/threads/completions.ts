/**
 * What main has done for a program, told as a device tells it: by an interrupt of the CPU that asked, which adds to an eventfd.
 *
 * A program opens an eventfd, says to main what it wants and where (`machine.say`), and reads the eventfd, or watches it with an
 * epoll; main does it (reads a file, waits for a message), copies the result into user memory, and completes. The eventfd's
 * number goes through a ring behind the words of the host, under the kernel's lock.
 */
import type { VcpuWords } from "../../hosts/threads/vcpu/words.ts";
import { EPOLLIN } from "../../kernel-sim/constants.ts";
import { FILE_EVENTFD } from "../../kernel-sim/descriptors.ts";
import { MachineError } from "../../kernel-sim/errors.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import { tellFromInterrupt } from "../../kernel-sim/poll.ts";
import { raiseIrq, requestIrq } from "../../kernel-sim/smp/irq-routing.ts";

/** Set-up code: completions can come from now on. Returns their interrupt line. */
export function acceptCompletions(kernel: Kernel, shared: VcpuWords): number {
  return requestIrq(kernel, () => takeCompletions(kernel, shared));
}

/** On the CPU that is interrupted. Bounded by the ring. */
function takeCompletions(kernel: Kernel, shared: VcpuWords): void {
  for (let fd = shared.popCompletion(); fd >= 0; fd = shared.popCompletion()) {
    // Closed meanwhile: nobody waits for it.
    if (kernel.files.kindOf(fd) !== FILE_EVENTFD) continue;
    kernel.files.setCounter(fd, kernel.files.counter(fd) + 1n);
    tellFromInterrupt(kernel, fd, EPOLLIN);
  }
}

/** Main, with the kernel's lock: completes what a program on `cpu` asked for. Throws ERR_HOST when the ring is full. */
export function complete(kernel: Kernel, shared: VcpuWords, line: number, fd: number, cpu: number): void {
  if (!shared.pushCompletion(fd))
    throw new MachineError("ERR_HOST", "too many completions wait for their interrupt");
  raiseIrq(kernel, line, cpu);
}
