import test from 'ava';
import fc from 'fast-check';
import { machineMap, machinesIn } from './machine-map.ts';
import { isMachineOf, isSameMachine, type MachineId } from './policy.ts';

const hostname = fc.constantFrom('a', 'A', 'b', '');
const ip = fc.constantFrom('1.1.1.1', '2.2.2.2', '');
const machine: fc.Arbitrary<MachineId> = fc.record({
  hostname: fc.option(hostname, { nil: undefined }),
  ip: fc.option(ip, { nil: undefined }),
});

test('a machine is found by each of its names, and an agent on the first machine that it fits', (t) => {
  fc.assert(
    fc.property(fc.array(machine), machine, fc.record({ hostname, ip }), (list, asked, agent) => {
      const found = machinesIn(list).of(asked);
      t.is(
        found,
        list.find((one) => isSameMachine(one, asked)),
      );
      const places = machineMap(list.map((one, at) => [one, at] as const));
      const first = list.findIndex((one) => isMachineOf(one, agent));
      t.is(places.around(agent), first < 0 ? undefined : first);
    }),
  );
});
