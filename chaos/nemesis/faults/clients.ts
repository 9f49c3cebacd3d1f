/** Clients that nobody wants: too many of them, ever so slow ones, and ones that talk nonsense. */
import { connect, type Socket } from 'node:net';
import type { Random } from '#internal/base/random.ts';
import type { Member } from '../real-cluster.ts';
import { type Fault, type Ground, number, type Target, together } from './fault.ts';
import { membersOf } from './processes.ts';

/** Connections that say nothing, to each of the doors. */
export const flood: Fault = {
  words: 'flooded with connections',
  settings: { connections: 500 },
  takesProcess: false,
  needs: [],
  async strike(ground, targets, settings) {
    const count = number(settings, 'connections');
    return crowd(ground, targets, { count, enter: () => {} });
  },
};

/** Requests that come byte by byte and never end. */
export const slowClients: Fault = {
  words: 'kept waiting by slow clients',
  settings: { connections: 100 },
  takesProcess: false,
  needs: [],
  async strike(ground, targets, settings) {
    const text = 'POST /api/v1/scheduler HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
    return crowd(ground, targets, {
      count: number(settings, 'connections'),
      enter(socket) {
        let said = 0;
        const timer = setInterval(() => {
          if (!socket.destroyed) socket.write(text[said++] ?? 'X');
        }, 200);
        socket.once('close', () => clearInterval(timer));
      },
    });
  },
};

/** Nonsense: bytes of chance, requests that contradict themselves, lengths that nobody has. */
export const nonsense: Fault = {
  words: 'told nonsense',
  settings: { connections: 30 },
  takesProcess: false,
  needs: [],
  async strike(ground, targets, settings) {
    return crowd(ground, targets, {
      count: number(settings, 'connections'),
      enter(socket) {
        const say = (): void => {
          if (!socket.destroyed) socket.write(nonsenseOf(ground.random));
        };
        say();
        const timer = setInterval(say, 500);
        socket.once('close', () => clearInterval(timer));
      },
    });
  },
};

const wild: readonly string[] = [
  'GET / HTTP/9.9\r\n\r\n',
  'POST /api/v1 HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'POST /api/v1 HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
  'POST /api/v1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n',
  `POST /api/v1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4096\r\n\r\n${'['.repeat(4096)}`,
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
];

function nonsenseOf(random: Random): string | Uint8Array {
  return wild[random.below(wild.length + 1)] ?? random.bytes(512);
}

/** From the place where we are. A connection that is closed is opened again, a little later. */
function crowd(
  { cluster }: Ground,
  targets: readonly Target[],
  { count, enter }: { readonly count: number; readonly enter: (socket: Socket) => void },
): () => Promise<void> {
  const sockets = new Set<Socket>();
  let isOver = false;
  const open = (member: Member): void => {
    if (isOver) return;
    const [host = '', port = ''] = member.address.split(':');
    const socket = connect(Number(port), host, () => enter(socket));
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', () => {});
    socket.once('close', () => {
      sockets.delete(socket);
      setTimeout(() => open(member), 500);
    });
  };
  for (const member of membersOf(cluster, targets)) {
    for (let n = 0; n < count; n++) open(member);
  }
  return together([
    () => {
      isOver = true;
      for (const socket of sockets) socket.destroy();
    },
  ]);
}
