/**
 * A small disk of its own: an ext4 in a file, mounted by a loop device. Its power can be cut while
 * programs write to it; and it is full when the test says so.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { compileProgram } from './native.ts';

export class LoopDisk implements AsyncDisposable {
  /** Where it is mounted. */
  readonly path: string;
  readonly #image: string;
  readonly #powerCut: string;
  #isMounted = false;

  /** Why there can be none here; undefined when there can. Tries, since containers may forbid it. */
  static obstacle(): string | undefined {
    if (process.getuid?.() !== 0) return 'mounting a disk needs root';
    if (spawnSync('mkfs.ext4', ['-V']).status !== 0) return 'there is no mkfs.ext4';
    const found = spawnSync('losetup', ['--find']).status === 0;
    return found ? undefined : 'there is no loop device';
  }

  static async open(folder: string, options: { readonly sizeMib: number }): Promise<LoopDisk> {
    const image = `${folder}/disk.img`;
    const file = await open(image, 'w');
    await file.truncate(options.sizeMib * 1024 * 1024);
    await file.close();
    run('mkfs.ext4', '-q', '-F', '-m', '0', image);
    const disk = new LoopDisk(folder, { image, powerCut: compileProgram('power-cut.c', folder) });
    await mkdir(disk.path);
    disk.mount();
    return disk;
  }

  private constructor(
    folder: string,
    options: { readonly image: string; readonly powerCut: string },
  ) {
    this.path = `${folder}/mounted`;
    this.#image = options.image;
    this.#powerCut = options.powerCut;
  }

  mount(): void {
    run('mount', '-o', 'loop', this.#image, this.path);
    this.#isMounted = true;
  }

  /** At once; programs that use it get errors from now on. End them, and `restore` it. */
  cutPower(): void {
    run(this.#powerCut, this.path);
  }

  /** Mounts it as the cut has left it. */
  restore(): void {
    this.#unmount();
    this.mount();
  }

  /** Whatever still holds it: a test that failed leaves no disk behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isMounted) run('umount', '--lazy', this.path);
    this.#isMounted = false;
  }

  #unmount(): void {
    if (this.#isMounted) run('umount', this.path);
    this.#isMounted = false;
  }
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return;
  throw new Error(`${command} ${args.join(' ')}: ${stderr ?? String(error)}`);
}
