/**
 * A network for a run: each place (a machine, as its programs see it) is a network namespace of its own,
 * joined by a cable to a router in between that is one as well. What goes wrong goes wrong in the router,
 * in silence, as in a broken switch: nobody gets an error, packets do not arrive, or late.
 *
 * Namespaces are named after the run and journalled before they are made. Packets never leave them.
 */
import { type Program, type ProgramOptions, startProgram } from '#internal/runtime/real/program.ts';
import { can, command } from './command.ts';
import type { UndoJournal } from './undo-journal.ts';

/** A private range. */
const subnet = '10.77';
/** Each has a subnet. */
const placesMax = 200;

export type Weather = {
  /** Of each packet, and up to `jitterMs` more by lot, by which packets overtake each other. */
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly lossPercent: number;
  readonly repeatPercent: number;
};

export class Network {
  readonly #journal: UndoJournal;
  readonly #router: string;
  readonly #places: string[] = [];

  /** Why there can be none here; undefined when there can. */
  static obstacle(): string | undefined {
    if (process.platform !== 'linux') return 'network namespaces need Linux';
    if (process.getuid?.() !== 0) return 'network namespaces need root';
    if (!can('unshare', '--net', 'ip', 'link', 'set', 'lo', 'up')) {
      return 'there are no network namespaces, or there is no tool ip';
    }
    return can('unshare', '--net', 'iptables', '-S') ? undefined : 'there is no iptables';
  }

  /** `own`: a namespace that there is already, of whoever asks; it becomes place 0. */
  constructor(journal: UndoJournal, own: string) {
    this.#journal = journal;
    this.#router = this.#namespace('router');
    this.#inRouter('sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward');
    this.#inRouter('sh', '-c', 'echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter');
    this.#inRouter('sh', '-c', 'echo 0 >/proc/sys/net/ipv4/conf/default/rp_filter');
    this.#connect(own);
  }

  /** A new place of that name. */
  join(name: string): number {
    return this.#connect(this.#namespace(name));
  }

  #connect(own: string): number {
    const place = this.#places.length;
    if (place >= placesMax) throw new Error(`a network has at most ${placesMax} places`);
    this.#places.push(own);
    const [inside, gate, port] = [this.ip(place), `${subnet}.${place}.1`, `port${place}`];
    const links: readonly (readonly [namespace: string, words: string])[] = [
      [this.#router, `link add ${port} type veth peer name eth0 netns ${own}`],
      [this.#router, `addr add ${gate}/24 dev ${port}`],
      [this.#router, `link set ${port} up`],
      [own, 'link set lo up'],
      [own, `addr add ${inside}/24 dev eth0`],
      [own, 'link set eth0 up'],
      [own, `route add default via ${gate}`],
    ];
    for (const [namespace, words] of links) command('ip', '-n', namespace, ...words.split(' '));
    return place;
  }

  ip(place: number): string {
    return `${subnet}.${place}.2`;
  }

  namespaceOf(place: number): string {
    const found = this.#places[place];
    if (found === undefined) throw new Error(`the network has no place ${place}`);
    return found;
  }

  /** The program, run there. */
  start(place: number, options: ProgramOptions): Program {
    return startProgram(inNamespace(this.namespaceOf(place), options));
  }

  /** Nothing from `from` reaches `to` any more; the returned function mends it. */
  cut(from: number, to: number): () => void {
    return this.#filter(['-s', this.ip(from), '-d', this.ip(to), '-j', 'DROP']);
  }

  /** Each packet from one to the other is lost with this probability. */
  lose(from: number, to: number, percent: number): () => void {
    const lot = `-m statistic --mode random --probability ${percent / 100}`.split(' ');
    return this.#filter(['-s', this.ip(from), '-d', this.ip(to), ...lot, '-j', 'DROP']);
  }

  /** Connections are answered with a reset, those that stand as well. */
  reset(from: number, to: number): () => void {
    const words = `-p tcp -s ${this.ip(from)} -d ${this.ip(to)} -j REJECT --reject-with tcp-reset`;
    return this.#filter(words.split(' '));
  }

  /** No more than so many kilobits a second get to the place. */
  throttle(place: number, kilobits: number): () => void {
    const port = `port${place}`;
    const how = `root tbf rate ${kilobits}kbit burst 16kb latency 1s`;
    this.#inRouter('tc', ...`qdisc add dev ${port} ${how}`.split(' '));
    return () => this.#inRouter('tc', ...`qdisc del dev ${port} root`.split(' '));
  }

  /**
   * What the place sends and what is sent to it goes through `relay`, a program that reads packets from
   * an interface and writes them back when their time has come. Resolves when it does.
   */
  async weather(place: number, relay: string, weather: Weather): Promise<() => Promise<void>> {
    const [ip, table, device] = [this.ip(place), String(1000 + place), `sky${place}`];
    const { delayMs, jitterMs, lossPercent, repeatPercent } = weather;
    const up = Promise.withResolvers<void>();
    const program = startProgram(
      inNamespace(this.#router, {
        command: relay,
        args: [device, ...[delayMs, jitterMs, lossPercent, repeatPercent].map(String)],
        onLine: () => up.resolve(),
      }),
    );
    await Promise.race([up.promise, program.ended]);
    const rules = [
      `from ${ip} iif port${place} lookup ${table}`,
      `to ${ip} not iif ${device} lookup ${table}`,
    ];
    this.#inRouter('ip', ...`route add default dev ${device} table ${table}`.split(' '));
    for (const rule of rules) this.#inRouter('ip', 'rule', 'add', ...rule.split(' '));
    return async () => {
      for (const rule of rules) this.#inRouter('ip', 'rule', 'del', ...rule.split(' '));
      program.signal('SIGKILL');
      await program.ended;
    };
  }

  /** What the one sends to the other's port comes to ours instead. */
  divert([from, to]: readonly [from: number, to: number], port: number): () => void {
    const what = `-p tcp -s ${this.ip(from)} -d ${this.ip(to)} --dport ${port}`;
    const rule = `PREROUTING ${what} -j DNAT --to-destination ${this.ip(0)}:${port}`.split(' ');
    this.#inRouter('iptables', '-w', '-t', 'nat', '-A', ...rule);
    return () => this.#inRouter('iptables', '-w', '-t', 'nat', '-D', ...rule);
  }

  #filter(rule: readonly string[]): () => void {
    this.#inRouter('iptables', '-w', '-A', 'FORWARD', ...rule);
    return () => this.#inRouter('iptables', '-w', '-D', 'FORWARD', ...rule);
  }

  #namespace(name: string): string {
    const own = `altiplano-${this.#journal.run}-${name}`;
    this.#journal.willUndo({ kind: 'namespace', name: own });
    command('ip', 'netns', 'add', own);
    return own;
  }

  #inRouter(...argv: readonly string[]): void {
    command('nsenter', `--net=/run/netns/${this.#router}`, ...argv);
  }
}

/** It keeps the machine's own /sys, unlike with `ip netns exec`: control groups are there. */
export const inNamespace = (name: string, options: ProgramOptions): ProgramOptions => ({
  ...options,
  command: 'nsenter',
  args: [`--net=/run/netns/${name}`, options.command, ...options.args],
});
