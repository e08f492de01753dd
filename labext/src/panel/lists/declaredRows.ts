/**
 * The rows of the declared packages, from the project and its locked packages.
 */
import { normalizeName } from '../../model/declaration/requirement';
import type { INotebookProject } from '../../model/tokens';
import type { Package } from '../../model/wire';

/** What a declared row shows: the declaration, and the locked package that answers it, if one does. */
export interface IDeclaredRow {
  readonly name: string;
  readonly text: string;
  readonly version: string;
  readonly found: Package | null;
}

/** The declared requirements in the order of their names; before the packages are read, with what the project tells. */
export function declaredRows(model: Pick<INotebookProject, 'project' | 'packages'>): IDeclaredRow[] {
  const byName = new Map((model.packages?.packages ?? []).map(one => [normalizeName(one.name), one]));
  return (model.project?.declared ?? []).map(one => ({
    name: one.name,
    text: one.text,
    version: one.locked,
    found: byName.get(normalizeName(one.name)) ?? null
  }));
}
