import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import test from 'ava';
import { limitConnections, openFilesMax } from './connection-limit.ts';

const host = '127.0.0.1';

/** Who is asked answers. */
async function listen(): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.write('hello'));
  });
  server.listen({ host, port: 0 });
  await once(server, 'listening');
  return server;
}

const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

/** What it is answered: a greeting, or nothing when it is hung up on. */
async function visit(server: Server): Promise<{ readonly socket: Socket; readonly said: string }> {
  const socket = connect({ host, port: portOf(server) });
  socket.write('hi');
  const said = await new Promise<string>((resolve) => {
    socket.once('data', (bytes) => resolve(String(bytes)));
    socket.once('error', () => resolve(''));
    socket.once('close', () => resolve(''));
  });
  return { socket, said };
}

test('who comes when a server is full is hung up on, until somebody leaves, and other servers do not mind', async (t) => {
  const [full, other] = [await listen(), await listen()];
  let turnedAway = 0;
  using _ = limitConnections(portOf(full), 2, () => turnedAway++);
  const sockets: Socket[] = [];
  try {
    const saidBy = async (server: Server): Promise<string> => {
      const { socket, said } = await visit(server);
      sockets.push(socket);
      return said;
    };
    t.deepEqual([await saidBy(full), await saidBy(full)], ['hello', 'hello']);
    t.deepEqual([await saidBy(full), await saidBy(full), turnedAway], ['', '', 2]);
    t.deepEqual(
      [await saidBy(other), await saidBy(other), await saidBy(other)].join(' '),
      'hello hello hello',
    );
    const [first] = sockets;
    first?.destroy();
    // The server hears of it in its own time.
    for (;;) if ((await saidBy(full)) === 'hello') break;
    t.is(await saidBy(full), '', 'there was room for one');
  } finally {
    for (const socket of sockets) socket.destroy();
    full.close();
    other.close();
  }
});

test('a process knows how many files it may open, where the system tells', async (t) => {
  const most = await openFilesMax();
  t.true(most === undefined || (Number.isSafeInteger(most) && most > 0));
  if (process.platform === 'linux') t.not(most, undefined);
});
