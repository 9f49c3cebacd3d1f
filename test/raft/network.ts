/**
 * A network of namespaces: every place has one, joined by a cable to a router in between, and the
 * router can be told to forward nothing from one place to another, in one direction or both. It drops
 * in silence, as a broken switch does: nobody gets an error, packets just do not arrive.
 *
 * A namespace lives as long as the process that holds it; disposing ends those, and all is gone.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Command } from '../../bench/raft/clusters.ts';

type Place = { readonly holder: ChildProcess; readonly ip: string };

/** A private range: packets never leave the namespaces. */
const subnet = '10.77';

export class Network implements AsyncDisposable {
  readonly #router: ChildProcess;
  readonly #places: Place[] = [];
  /** `from to` of what is cut. */
  readonly #cuts = new Set<string>();

  /** Why there can be none here; undefined when there can. */
  static obstacle(): string | undefined {
    if (process.platform !== 'linux') return 'namespaces need Linux';
    const tried = spawnSync('unshare', ['--net', 'ip', 'link', 'set', 'lo', 'up']);
    return tried.status === 0 ? undefined : 'network namespaces need root and the tool ip';
  }

  static async open(places: number): Promise<Network> {
    const network = new Network(await hold());
    network.#inRouter('sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward');
    for (let place = 0; place < places; place++) await network.#join(place);
    return network;
  }

  private constructor(router: ChildProcess) {
    this.#router = router;
  }

  ip(place: number): string {
    return this.#place(place).ip;
  }

  /** The same program, run there. */
  at(place: number, { command, args }: Command): Command {
    return { command: 'nsenter', args: [netOf(this.#place(place).holder), command, ...args] };
  }

  /** Nothing from `from` reaches `to` any more. */
  cut(from: number, to: number): void {
    if (this.#cuts.has(`${from} ${to}`)) return;
    this.#cuts.add(`${from} ${to}`);
    this.#rule('add', from, to);
  }

  heal(): void {
    for (const cut of this.#cuts) {
      const [from = 0, to = 0] = cut.split(' ').map(Number);
      this.#rule('del', from, to);
    }
    this.#cuts.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const holder of [...this.#places.map((place) => place.holder), this.#router]) {
      const ended = once(holder, 'exit');
      holder.kill('SIGKILL');
      await ended;
    }
  }

  async #join(place: number): Promise<void> {
    const holder = await hold();
    const [inside, gate] = [`${subnet}.${place}.2`, `${subnet}.${place}.1`];
    const port = `port${place}`;
    const pid = String(holder.pid);
    this.#inRouter(...`ip link add ${port} type veth peer name eth0 netns ${pid}`.split(' '));
    this.#inRouter(...`ip addr add ${gate}/24 dev ${port}`.split(' '));
    this.#inRouter(...`ip link set ${port} up`.split(' '));
    for (const line of [
      'ip link set lo up',
      `ip addr add ${inside}/24 dev eth0`,
      'ip link set eth0 up',
      `ip route add default via ${gate}`,
    ]) {
      run('nsenter', netOf(holder), ...line.split(' '));
    }
    this.#places[place] = { holder, ip: inside };
  }

  #rule(verb: 'add' | 'del', from: number, to: number): void {
    this.#inRouter(
      ...`ip rule ${verb} from ${this.ip(from)} to ${this.ip(to)} blackhole`.split(' '),
    );
  }

  #inRouter(...argv: readonly string[]): void {
    run('nsenter', netOf(this.#router), ...argv);
  }

  #place(place: number): Place {
    const found = this.#places[place];
    if (found === undefined) throw new Error(`the network has no place ${place}`);
    return found;
  }
}

const netOf = ({ pid }: ChildProcess): string => `--net=/proc/${pid}/ns/net`;

/** A process in a network namespace of its own, once it is in there; it ends with us. */
async function hold(): Promise<ChildProcess> {
  const child = spawn('unshare', ['--net', 'sh', '-c', 'echo; cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return;
  throw new Error(`${command} ${args.join(' ')}: ${stderr ?? String(error)}`);
}
