/** The package as its users get it: built anew, packed, and installed in a project of its own. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "..");
const TIMEOUT_MS = 240_000;

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. Its output has no colours. */
export function run(command: string, args: readonly string[], cwd: string): Outcome {
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0", npm_config_loglevel: "error" };
  // Inside vitest, or not: what is started is nobody's child.
  for (const name of Object.keys(env)) if (name.startsWith("VITEST")) Reflect.deleteProperty(env, name);
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env,
    encoding: "utf8",
    timeout: TIMEOUT_MS,
  });
  if (error !== undefined) throw error;
  return { status, stdout, stderr };
}

function must(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = run(command, args, cwd);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

/** The package, packed once for all tests (setup.ts). */
export interface Packed {
  /** Path of the packed package. */
  readonly tarball: string;
  /** Paths of the files in it, from the package's root. */
  readonly files: readonly string[];
  readonly packedBytes: number;
}

/** Builds the package and packs it into a folder. */
export function pack(folder: string): Packed {
  const stage = join(folder, "stage");
  mkdirSync(stage);
  for (const name of ["package.json", "README.md", "LICENSE", "CHANGELOG.md", "docs", "examples"])
    cpSync(join(ROOT, name), join(stage, name), { recursive: true });
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  must(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", join(stage, "dist")], ROOT);
  // The pages of reports, as scripts/build.ts has them.
  const page = ["-p", "tsconfig.page.json", "--noEmit", "false", "--outDir", join(stage, "dist")];
  must(process.execPath, [tsc, ...page], ROOT);
  const [packed] = JSON.parse(
    must("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], stage),
  ) as { filename: string; size: number; files: { path: string }[] }[];
  const files = packed!.files.map(({ path }) => path);
  return { tarball: join(folder, packed!.filename), files, packedBytes: packed!.size };
}

export class Scratch implements Packed {
  readonly folder: string = mkdtempSync(join(tmpdir(), "umcg-package-"));
  readonly tarball: string;
  readonly files: readonly string[];
  readonly packedBytes: number;
  /** Where the package was installed first. */
  #installed: string | undefined;

  constructor({ tarball, files, packedBytes }: Packed) {
    this.tarball = tarball;
    this.files = files;
    this.packedBytes = packedBytes;
  }

  /**
   * A project that depends on the package. `beside`: packages it has already, from this repository. `files`: by name.
   * Returns its folder.
   */
  project(name: string, beside: readonly string[], files: Readonly<Record<string, string>>): string {
    const folder = join(this.folder, name);
    mkdirSync(folder);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name, private: true, type: "module" }));
    this.#install(folder);
    for (const dependency of beside) {
      const link = join(folder, "node_modules", dependency);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(ROOT, "node_modules", dependency), link);
    }
    this.write(folder, files);
    return folder;
  }

  /** Once by npm; what that has made is copied to other projects. */
  #install(folder: string): void {
    const modules = join(folder, "node_modules");
    if (this.#installed !== undefined) {
      cpSync(this.#installed, modules, { recursive: true, verbatimSymlinks: true });
      return;
    }
    const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", "--legacy-peer-deps"];
    must("npm", ["install", ...quiet, this.tarball], folder);
    this.#installed = join(this.folder, "installed");
    cpSync(modules, this.#installed, { recursive: true, verbatimSymlinks: true });
  }

  write(folder: string, files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}
