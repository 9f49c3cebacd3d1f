/**
 * Who a container's processes are, by the registers of its own root filesystem: the same name may be
 * another number than on the machine.
 */
import { ContainerError } from '../containerizer.ts';

export type ContainerUser = {
  readonly uid: number;
  readonly gid: number;
  /** Those beside `gid`. */
  readonly groups: readonly number[];
  readonly home: string | undefined;
};

/** Texts of `/etc/passwd` and `/etc/group`; empty where there is none. */
export type Registers = { readonly passwd: string; readonly group: string };

/**
 * `name` as tasks and images write it: `user`, `uid`, and either with `:group` or `:gid`. A name that
 * the root filesystem does not know is looked up in the machine's registers. Throws `ContainerError`.
 */
export function findUser(name: string, own: Registers, machine: Registers): ContainerUser {
  const [user = '', group] = name.split(':');
  const entry = passwdEntry(user, own.passwd) ?? passwdEntry(user, machine.passwd);
  const isNumber = /^\d{1,10}$/u.test(user);
  if (entry === undefined && !isNumber) {
    throw new ContainerError(`Failed to get user '${user}': no such user`);
  }
  const uid = entry?.uid ?? Number(user);
  const gid = group === undefined ? (entry?.gid ?? 0) : groupId(group, own, machine);
  const login = entry?.name ?? user;
  const groups = [own.group, ...(own.group === '' ? [machine.group] : [])]
    .flatMap(lines)
    .filter(([, , , members = '']) => members.split(',').includes(login))
    .map(([, , id]) => Number(id))
    .filter((id) => Number.isSafeInteger(id) && id !== gid);
  return { uid, gid, groups, home: entry?.home };
}

type Entry = {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string | undefined;
};

function passwdEntry(user: string, passwd: string): Entry | undefined {
  const entries = lines(passwd).filter(([, , uid, gid]) => isId(uid) && isId(gid));
  const line = entries.find(([name]) => name === user) ?? entries.find(([, , uid]) => uid === user);
  if (line === undefined) return undefined;
  const [name = '', , uid, gid, , home = ''] = line;
  return { name, uid: Number(uid), gid: Number(gid), home: home === '' ? undefined : home };
}

function groupId(group: string, own: Registers, machine: Registers): number {
  if (isId(group)) return Number(group);
  const line = [...lines(own.group), ...lines(machine.group)].find(([name]) => name === group);
  if (line === undefined || !isId(line[2])) {
    throw new ContainerError(`Failed to get group '${group}': no such group`);
  }
  return Number(line[2]);
}

const isId = (text: string | undefined): boolean => /^\d{1,10}$/u.test(text ?? '');

const lines = (register: string): readonly (readonly string[])[] =>
  register.split('\n').map((line) => line.split(':'));
