import test from 'ava';
import { parseFlags, rowsOf } from '#internal/config/flags.ts';
import { masterProgram, parsePeer } from './flags.ts';
import { masterStrangers } from './strangers.ts';

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

test('a quorum may be said, and must be the majority that it is', (t) => {
  t.deepEqual(refusals(peers, '--quorum=2'), []);
  t.deepEqual(refusals('--quorum=1'), []);
  t.regex(
    refusals(peers, '--quorum=1')[0]!,
    /^--quorum=1 is not the majority of 3 masters, which is 2/,
  );
  t.is(refusals(peers, '--quorum=2', '--join').length, 0);
  t.is(refusals(peers, '--quorum=3', '--join').length, 1);
});

/** All that the manual of Mesos 1.11 lists for a master. */
const flagsOfMesos = `
  advertise_ip advertise_port authenticate_http_readonly authenticate_http_readwrite
  firewall_rules domain help hooks hostname hostname_lookup http_authenticators ip
  ip_discovery_command modules modules_dir port version zk_session_timeout quiet log_dir
  logbufsecs logging_level initialize_driver_logging external_log_file quorum work_dir zk
  acls agent_ping_timeout agent_removal_rate_limit agent_reregister_timeout
  allocation_interval allocator min_allocatable_resources authenticate_agents
  authenticate_frameworks authenticate_http_frameworks authenticators
  authentication_v0_timeout authorizers cluster credentials
  fair_sharing_excluded_resource_names filter_gpu_resources framework_sorter
  http_framework_authenticators log_auto_initialize master_contender master_detector
  max_agent_ping_timeouts max_completed_frameworks max_completed_tasks_per_framework
  max_operator_event_stream_subscribers max_unreachable_tasks_per_framework offer_timeout
  offer_constraints_re2_max_mem offer_constraints_re2_max_program_size
  publish_per_framework_metrics rate_limits recovery_agent_removal_limit registry
  registry_fetch_timeout registry_gc_interval registry_max_agent_age
  registry_max_agent_count registry_store_timeout require_agent_domain roles
  root_submissions role_sorter webui_dir weights whitelist max_executors_per_agent
`;

test('whoever comes with the command line of a Mesos master is told of every flag that is not ours', (t) => {
  const ours = new Set(rowsOf(masterProgram).flatMap(([, { mesos }]) => mesos ?? []));
  for (const name of flagsOfMesos.split(/\s+/).filter((word) => word !== '' && word !== 'help')) {
    t.true(ours.has(name) !== Object.hasOwn(masterStrangers, name), name);
    if (ours.has(name)) continue;
    for (const word of [
      `--${name}`,
      `--${name}=x`,
      `--no-${name}`,
      `--${name.replaceAll('_', '-')}=1`,
    ]) {
      t.deepEqual(refusals(word), [`--${name} is a flag of Mesos alone: ${masterStrangers[name]}`]);
    }
  }
  t.is(refusals('--zk=zk://a:2181/m', '--quiet', '--weights=a=1').length, 3);
});
