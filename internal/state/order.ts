/** An order of ids that is the same on every machine: by their units, whatever language it speaks. */
export function compareIds(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
