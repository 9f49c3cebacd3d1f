/** Control files in memory: what a kernel has there is what a test puts there, or what was written. */
import type { ControlFiles } from '../control-files.ts';
import { FilesError } from '../files.ts';

export class SimulatedControlFiles implements ControlFiles {
  /** By path. */
  readonly texts: Map<string, string> = new Map();
  readonly #folders = new Set<string>();
  readonly #isWritable: (path: string) => boolean;

  constructor(isWritable: (path: string) => boolean = () => true) {
    this.#isWritable = isWritable;
  }

  read(path: string): Promise<string | undefined> {
    return Promise.resolve(this.texts.get(path));
  }

  async write(path: string, text: string): Promise<void> {
    await this.#check(path);
    this.texts.set(path, text);
  }

  async makeFolder(path: string): Promise<void> {
    await this.#check(path);
    this.#folders.add(path);
  }

  removeFolder(path: string): Promise<void> {
    if ([...this.#folders].some((one) => one.startsWith(`${path}/`))) {
      return Promise.reject(new FilesError('EBUSY', `${path} has groups in it`));
    }
    this.#folders.delete(path);
    return Promise.resolve();
  }

  folders(path: string): Promise<readonly string[]> {
    const below = [...this.#folders].filter((one) => one.startsWith(`${path}/`));
    const names = below.map((one) => one.slice(path.length + 1).split('/')[0] ?? '');
    return Promise.resolve([...new Set(names)].toSorted());
  }

  #check(path: string): Promise<void> {
    return this.#isWritable(path)
      ? Promise.resolve()
      : Promise.reject(new FilesError('EROFS', `${path} cannot be written to`));
  }
}
