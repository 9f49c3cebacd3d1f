/** How services fare, in lines for people. */
import type { InstanceView, ServiceView } from '#internal/frameworks/service/view.ts';

const wishes: Readonly<Record<string, string>> = {
  run: 'runs',
  stop: 'stopped',
  destroy: 'being destroyed',
};

/** One line a service. */
export function listLines(services: readonly ServiceView[]): readonly string[] {
  if (services.length === 0) return ['no services'];
  return table([
    ['NAME', 'STATE', 'READY', 'UPDATED', 'REVISION'],
    ...services.map((one) => [
      one.name,
      wishes[one.wish] ?? one.wish,
      `${one.ready}/${one.wanted}`,
      `${one.updated}/${one.wanted}`,
      String(one.revision),
    ]),
  ]);
}

/** One service with all its instances, and what they wait for. */
export function statusLines(service: ServiceView): readonly string[] {
  return [
    summaryLine(service),
    ...table([
      ['INSTANCE', 'STATE', 'HOST', 'REVISION', 'PORTS', 'TASK'],
      ...service.instances.map((one) => [
        String(one.index),
        one.state,
        one.host ?? '-',
        String(one.revision ?? '-'),
        portsOf(one),
        one.task ?? '-',
      ]),
    ]),
    ...service.instances.flatMap((one) => [
      ...one.reasons.map((reason) => `instance ${one.index}: ${reason}`),
      ...(one.lastEnd === undefined ? [] : [`instance ${one.index}: last ended ${one.lastEnd}`]),
    ]),
  ];
}

export const summaryLine = ({
  name,
  wish,
  ready,
  wanted,
  updated,
  revision,
}: ServiceView): string =>
  `${name}: ${wishes[wish] ?? wish}, ${ready} of ${wanted} ready, ` +
  `${updated} of ${wanted} at revision ${revision}`;

/** Whether somebody waits for the cluster. */
export const isWaiting = ({ instances }: ServiceView): boolean =>
  instances.some(({ state }) => state === 'waiting');

const portsOf = ({ ports }: InstanceView): string => {
  const known = Object.entries(ports);
  return known.length === 0 ? '-' : known.map(([name, port]) => `${name}=${port}`).join(',');
};

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, n) => Math.max(...rows.map((row) => row[n]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, n) => cell.padEnd(widths[n] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
