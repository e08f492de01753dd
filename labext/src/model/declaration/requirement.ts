/**
 * Names and requirements, as far as the page takes them apart.
 */

const REQUIREMENT = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(.*)$/s;

/** A requirement's name and the rest, `["pandas", ">=2"]`; null where it does not begin with a name. */
export function splitRequirement(requirement: string): readonly [string, string] | null {
  const found = REQUIREMENT.exec(requirement.trim());
  return found === null ? null : [found[1]!, found[2]!.trim()];
}

/** The name as indexes compare it. */
export function normalizeName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}
