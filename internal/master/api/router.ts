/**
 * Which face answers a path: the longest known prefix of whole components, a trailing `/` ignored
 * (contract 1.1). So `/api/v1/nope` is answered by `/api/v1`, and `/api/v1/scheduler/` by the
 * scheduler API. `/master/…` is the same tree by the name of its actor.
 */
import type { HttpHandler } from '#internal/runtime/http.ts';

export type Route = {
  /** Without a trailing slash: `/api/v1`. */
  readonly path: string;
  readonly handler: HttpHandler;
  /** Longer paths are not answered (contract 1.8: `/redirect/anything` is a 404). */
  readonly isExact?: boolean;
};

/** Where a request goes to; `undefined` is a 404. */
export type Router = (target: string) => HttpHandler | undefined;

const actor = '/master';

export function newRouter(routes: readonly Route[]): Router {
  const longestFirst = routes.toSorted((one, other) => other.path.length - one.path.length);
  return (target) => {
    const path = pathOf(target);
    const local = path.startsWith(`${actor}/`) ? path.slice(actor.length) : path;
    const route = longestFirst.find((known) => local === known.path || isBelow(local, known.path));
    if (route?.isExact === true && local !== route.path) return undefined;
    return route?.handler;
  };
}

const isBelow = (path: string, prefix: string): boolean => path.startsWith(`${prefix}/`);

/** The path of a request target: no query, no trailing slashes, `''` for what is not a path. */
export function pathOf(target: string): string {
  if (!target.startsWith('/')) return '';
  const query = target.indexOf('?');
  let end = query < 0 ? target.length : query;
  while (end > 0 && target[end - 1] === '/') end -= 1;
  return target.slice(0, end);
}

/** The parameters of a request target, decoded. Of a repeated one the first counts. */
export function queryOf(target: string): URLSearchParams {
  const start = target.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : target.slice(start + 1));
}
