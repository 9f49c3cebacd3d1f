/** One machine with a simulated disk, booted anew as often as a test of storage wants. */
import type { Clock } from '#internal/runtime/clock.ts';
import type { Files } from '#internal/runtime/files.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedDisk } from '#internal/runtime/simulated/disk.ts';
import { simulatedFiles } from '#internal/runtime/simulated/files.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';

const withinMs = 1e6;

export type Booted = { readonly files: Files; readonly clock: Clock };

export class SimulatedMachine {
  readonly world: SimulatedWorld;
  readonly disk: SimulatedDisk;

  constructor(seed: number) {
    this.world = new SimulatedWorld({ seed });
    this.disk = new SimulatedDisk({ world: this.world }, { name: 'm' });
  }

  /** What a program gets that starts on it. Its disk has one user at a time: crash it before. */
  boot(): Booted {
    const { world, disk } = this;
    const life = world.boot('m');
    return { files: simulatedFiles({ disk, life }), clock: simulatedClock({ world, life }) };
  }

  crash(kind: 'power' | 'process'): void {
    this.world.crash('m', kind);
  }

  run<T>(promise: Promise<T>): Promise<T> {
    return this.world.settle(promise, { withinMs });
  }

  /** Crashes after some more events; says whether `promise` resolved before that. */
  async crashWithin(promise: Promise<unknown>, events: number): Promise<boolean> {
    let isDone = false;
    promise.then(
      () => (isDone = true),
      () => {},
    );
    for (let event = 0; event < events; event++) {
      if (isDone) break;
      await this.world.step();
    }
    this.crash(this.world.random(`crash ${this.world.events}`).oneIn(2) ? 'power' : 'process');
    return isDone;
  }

  /** Puts files there, durable. */
  async write(folder: string, contents: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const { files } = this.boot();
    await this.run(files.makeFolder(folder));
    for (const [name, bytes] of contents) {
      const file = await this.run(files.open(`${folder}/${name}`, { create: true }));
      await this.run(file.write(0, [bytes]));
      await this.run(file.sync());
      await this.run(file.close());
    }
    for (let path = folder; path !== ''; path = path.slice(0, path.lastIndexOf('/'))) {
      await this.run(files.syncFolder(path));
    }
    await this.run(files.syncFolder('/'));
    this.crash('process');
  }

  /** The files of a folder, with their bytes. */
  async read(files: Files, folder: string): Promise<Map<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    for (const name of await this.run(files.list(folder))) {
      const path = `${folder}/${name}`;
      if ((await this.run(files.stat(path)))?.kind !== 'file') continue;
      const file = await this.run(files.open(path));
      found.set(name, await this.run(file.read(0, await this.run(file.size()))));
      await this.run(file.close());
    }
    return found;
  }
}
