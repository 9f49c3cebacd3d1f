/**
 * Certificates for tests of TLS, made by the machine's `openssl`: an authority of its own each time,
 * and what it issues.
 */
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';

export type Certificate = {
  /** PEM, both. */
  readonly key: Buffer;
  readonly chain: Buffer;
};

/** Why there can be none here; undefined when there can. */
export function opensslObstacle(): string | undefined {
  return spawnSync('openssl', ['version']).status === 0 ? undefined : 'there is no openssl';
}

export class Authority {
  /** PEM, for those who trust it. */
  readonly root: Buffer;
  readonly #base: string;
  #issued = 0;

  /** Keeps its files in `folder`. */
  static async make(folder: string, name: string): Promise<Authority> {
    const base = `${folder}/${name}`;
    const extensions = ['-addext', 'basicConstraints=critical,CA:TRUE'];
    openssl(...request(base, name), '-x509', '-days', '2', '-out', `${base}.pem`, ...extensions);
    return new Authority(base, await readFile(`${base}.pem`));
  }

  private constructor(base: string, root: Buffer) {
    this.#base = base;
    this.root = root;
  }

  /** To whoever goes by `name`. */
  async issue(name: string): Promise<Certificate> {
    const base = `${this.#base}-${++this.#issued}`;
    openssl(...request(base, name), '-out', `${base}.csr`);
    await writeFile(`${base}.ext`, `subjectAltName=DNS:${name}\n`);
    const files = ['-in', `${base}.csr`, '-extfile', `${base}.ext`, '-out', `${base}.pem`];
    const signer = ['-CA', `${this.#base}.pem`, '-CAkey', `${this.#base}.key`, '-CAcreateserial'];
    openssl('x509', '-req', '-days', '1', ...files, ...signer);
    return { key: await readFile(`${base}.key`), chain: await readFile(`${base}.pem`) };
  }
}

function request(base: string, name: string): readonly string[] {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  return ['req', ...key, '-keyout', `${base}.key`, '-subj', `/CN=${name}`];
}

function openssl(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
}
