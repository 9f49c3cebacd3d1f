/** What a role may be called (contract 5.3). */
import { accept, refuse, type Result } from '#internal/base/result.ts';

/** Accepts the name, or says in the contract's words what is wrong with it. */
export function parseRole(name: string): Result<string, string> {
  if (name === '*') return accept(name);
  if (name === '') return refuse('Role names cannot be the empty string');
  if (name.startsWith('/')) return refuse(`Role '${name}' cannot start with a slash`);
  if (name.endsWith('/')) return refuse(`Role '${name}' cannot end with a slash`);
  if (name.includes('//')) return refuse(`Role '${name}' cannot contain two adjacent slashes`);
  for (const component of name.split('/')) {
    if (component === '.' || component === '..' || component === '*') {
      return refuse(`Role '${name}' cannot include '${component}' as a component`);
    }
    if (component.startsWith('-')) {
      return refuse(`Role component '${component}' is invalid because it starts with a dash`);
    }
    // oxlint-disable-next-line no-control-regex -- control characters are just what is refused here.
    if (/[\t\n\v\f\r \u007f]/u.test(component)) {
      return refuse(
        `Role component '${component}' is invalid because it contains backspace or whitespace`,
      );
    }
  }
  return accept(name);
}
