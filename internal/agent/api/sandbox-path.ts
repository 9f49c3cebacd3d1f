/**
 * What people may look at: sandboxes, by their virtual path or the real one (contract 13.3), and
 * nothing else, whatever links and dots a path or a task's own files contain.
 *
 *     /frameworks/<framework>/executors/<executor>/runs/<container or latest>/…
 *     <work>/slaves/<agent>/frameworks/<framework>/executors/<executor>/runs/…/…
 */
import type { FileTree } from '#internal/runtime/file-tree.ts';

export type SandboxPath =
  | {
      readonly kind: 'found';
      /** With all links followed. */
      readonly path: string;
      /** The sandbox that holds it, with all links followed. */
      readonly sandbox: string;
    }
  | { readonly kind: 'missing' }
  /** It is a path of ours that leads out of its sandbox. */
  | { readonly kind: 'inaccessible' };

type Place = { readonly workFolder: string; readonly agentId: string | undefined };

const runParts = /^\/frameworks\/([^/]+)\/executors\/([^/]+)\/runs\/([^/]+)(\/.*)?$/su;

export async function findSandboxPath(
  fileTree: FileTree,
  { workFolder, agentId }: Place,
  wanted: string,
): Promise<SandboxPath> {
  const slaves = `${workFolder}/slaves/`;
  const isReal = wanted.startsWith(slaves);
  const agent = isReal ? wanted.slice(slaves.length).split('/')[0] : agentId;
  if (agent === undefined || isDots(agent)) return { kind: 'missing' };
  const virtual = isReal ? wanted.slice(slaves.length + agent.length) : wanted;
  const [, framework = '', executor = '', run = '', rest = ''] = runParts.exec(virtual) ?? [];
  if ([framework, executor, run].some((part) => part === '' || isDots(part))) {
    return { kind: 'missing' };
  }
  const runs = `${slaves}${agent}/frameworks/${framework}/executors/${executor}/runs`;
  const realRuns = await fileTree.resolve(runs);
  const sandbox = await fileTree.resolve(`${runs}/${run}`);
  if (realRuns === undefined || sandbox === undefined) return { kind: 'missing' };
  // `latest` is a link, and one that may have been bent.
  if (!isInside(sandbox, realRuns)) return { kind: 'inaccessible' };
  const path = await fileTree.resolve(`${sandbox}${rest}`);
  if (path === undefined) return { kind: 'missing' };
  if (path !== sandbox && !isInside(path, sandbox)) return { kind: 'inaccessible' };
  return { kind: 'found', path, sandbox };
}

const isDots = (part: string): boolean => part === '.' || part === '..';

const isInside = (path: string, folder: string): boolean => path.startsWith(`${folder}/`);
