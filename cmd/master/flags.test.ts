import test from 'ava';
import { parseFlags } from '#internal/config/flags.ts';
import { masterProgram, parsePeer } from './flags.ts';

const refusals = (...argv: readonly string[]): readonly string[] => {
  const parsed = parseFlags(masterProgram, ['--work-dir=/w', ...argv]);
  return parsed.ok ? [] : parsed.refusal;
};
const peers = '--peers=1=a:5061,2=b:5061,3=c:5061';

test('a master alone, and one of three, need no more than a work directory and their peers', (t) => {
  t.deepEqual(refusals(), []);
  t.deepEqual(refusals(peers, '--node-id=2'), []);
});

test('a master that is none of its peers is refused', (t) => {
  t.regex(refusals(peers, '--node-id=4')[0]!, /^--node-id=4 is none of --peers=1=a:5061/);
});

test('peers are id=host:port, each id once', (t) => {
  t.deepEqual(parsePeer('3=host:5060'), { id: 3, host: 'host', port: 5060 });
  for (const odd of ['host:5060', '0=h:1', '1=h', '1=h:99999', '1=:5060', 'a=h:1', '1=h:1:2']) {
    t.is(parsePeer(odd), undefined, odd);
    t.true(
      refusals(`--peers=${odd}`).some((line) => line.includes('is not id=host:port')),
      odd,
    );
  }
  t.true(refusals('--peers=1=a:1,1=b:1').includes('--peers names an id twice'));
});

test('one port cannot be for two things', (t) => {
  t.deepEqual(refusals('--peer-port=5060'), [
    '--port, --grpc-port and --peer-port are not all different: 5050, 5060, 5060',
  ]);
  t.deepEqual(refusals('--port=0', '--grpc-port=0', '--peer-port=0'), []);
});

test('time-outs that would depose a leader for one lost heartbeat are refused', (t) => {
  t.is(refusals('--heartbeat-interval=500ms', '--election-timeout=1secs').length, 1);
  t.deepEqual(refusals('--heartbeat-interval=200ms', '--election-timeout=2secs'), []);
});

test('agents get no less time to come back than in Mesos', (t) => {
  t.regex(refusals('--agent_reregister_timeout=5mins')[0]!, /at least 10mins/);
});
