/** Rules for what tasks have beside themselves: files and pipes, filters of system calls, handlers of signals, pages. */
import { FIRST_FD } from "../../kernel-sim/descriptors.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import type { KernelObjects } from "./kernel-objects.ts";
import { all, nothing, type Rule, type Rules, row } from "./rule.ts";
import type { Touches } from "./touches.ts";

export function seccompRules({ config, seccomp }: Kernel, objects: KernelObjects, touches: Touches): Rules {
  const tasks = config.maxTasks + 1;
  const filtered = objects.of("seccomp.filtered");
  const filter = objects.of("seccomp", tasks);
  const notes = objects.of("seccomp.notes");
  const { reads } = row(touches, filter);
  const ofNote: Rule = (tid) => {
    touches.write(filter + tid!);
    touches.write(notes);
  };
  const searches: Rule = () => {
    for (let tid = 0; tid < tasks; tid++) touches.read(filter + tid);
    touches.read(notes);
  };
  return {
    ...all(["trapped", "listener", "state", "id", "arg", "result"], reads),
    filtered: () => touches.read(filtered),
    install(tid) {
      touches.write(filter + tid!);
      touches.write(filtered);
    },
    forget(tid) {
      touches.write(filter + tid!);
      if (seccomp.trapped(tid!) >= 0) touches.write(filtered);
    },
    ...all(["orphan", "post", "withdraw", "reply", "setSent"], ofNote),
    ...all(["users", "find", "findId"], searches),
    inherit(parent, child) {
      touches.read(filter + parent!);
      touches.write(filter + child!);
    },
  };
}

/** One object for all pages: programs that move none only look. Pinning commutes with itself, and with looking. */
export function pageRules(objects: KernelObjects, touches: Touches): Rules {
  const pages = objects.of("pages");
  const looks = [
    "permits",
    "permitsRange",
    "firstDenied",
    "resolvable",
    "isOnDisk",
    "isPinned",
    "pin",
    "unpin",
  ];
  return {
    ...all(looks, () => touches.read(pages)),
    ...all(["makePresent", "swapOut", "protect"], () => touches.write(pages)),
  };
}

export function ownerRules(
  { config }: Kernel,
  objects: KernelObjects,
  touches: Touches,
): Readonly<Record<string, Rules>> {
  const { reads, writes } = row(touches, objects.of("dispositions", config.maxTasks + 1));
  const owners = objects.of("timerOwners");
  return {
    dispositions: {
      ...all(["isIgnored", "isHandled", "handler"], reads),
      ...all(["set", "reset", "forgetHandlers", "forget"], writes),
      clear: nothing,
    },
    timerOwners: {
      ...all(["find", "free", "file", "callback"], () => touches.read(owners)),
      ...all(["give", "giveFile", "takeBack"], () => touches.write(owners)),
      clear: nothing,
    },
  };
}

export function fileRules(
  { config, files }: Kernel,
  objects: KernelObjects,
  touches: Touches,
): Readonly<Record<string, Rules>> {
  const { maxPipes } = config;
  const { reads, writes } = row(touches, objects.of("pipes", maxPipes));
  const file = objects.of("files", files.count);
  const counter = objects.of("files.counters", files.count);
  const watches = objects.of("watches");
  // A number that is none of a file's never is.
  const slot = (fd: number): boolean => Number.isInteger(fd) && fd >= FIRST_FD && fd < FIRST_FD + files.count;
  const looks: Rule = (fd) => {
    if (slot(fd!)) touches.read(file + fd! - FIRST_FD);
  };
  const changes: Rule = (fd) => {
    if (slot(fd!)) touches.write(file + fd! - FIRST_FD);
  };
  const every = (base: number, count: number): Rule => {
    return () => {
      for (let at = 0; at < count; at++) touches.write(base + at);
    };
  };
  return {
    pipes: {
      ...all(["fd", "readersOpen", "writersOpen", "available", "room", "readSeen", "writeSeen"], reads),
      ...all(["setFd", "hold", "close", "write", "read"], writes),
      create: every(objects.of("pipes", maxPipes), maxPipes),
    },
    files: {
      ...all(["kindOf", "lookup", "object", "mode"], looks),
      ...all(["setMode", "close", "hold", "release"], changes),
      ...all(["open", "openPipe"], every(file, files.count)),
      ...all(["counter", "counterSeen"], (fd) => touches.read(counter + fd! - FIRST_FD)),
      setCounter: (fd) => touches.write(counter + fd! - FIRST_FD),
    },
    watches: {
      ...all(["count", "file", "epoll", "find"], () => touches.read(watches)),
      ...all(["create", "remove", "removeAll"], () => touches.write(watches)),
      ...all(["readyOf", "firstReady", "isReady"], () => touches.read(watches)),
      ...all(["putReady", "takeReady", "markReady"], () => touches.write(watches)),
    },
  };
}
