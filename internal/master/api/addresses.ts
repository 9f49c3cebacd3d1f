/**
 * Masters and agents by the names that Mesos's tools take apart: `master@10.0.0.1:5050`,
 * `slave(1)@10.0.0.2:5051` (contract 1.1).
 */
import type { Agent, MasterAddress } from '#internal/model/cluster.ts';

export const masterPid = ({ ip, httpPort }: MasterAddress): string => `master@${ip}:${httpPort}`;
export const agentPid = ({ ip, port }: Agent): string => `slave(1)@${ip}:${port}`;
