/**
 * What `standing.ts` wants to know of a notebook, read from its model.
 */
import type { IDepClient, INotebookProject } from '../model/tokens';
import type { Facts } from './status';

export function factsOf(model: INotebookProject, client: IDepClient): Facts {
  const kernel = model.notebook.isDisposed ? null : model.notebook.sessionContext.session?.kernel;
  return {
    project: model.project,
    problem: model.problem,
    active: model.active,
    jobs: model.jobs,
    asked: model.asked,
    dismissed: model.dismissed,
    kernelKey: model.kernelKey,
    restart: model.restart,
    starter: model.starter,
    holding: model.holding,
    reach: client.reach,
    mismatch: client.mismatch,
    kernel: kernel ? { id: kernel.id, name: kernel.name } : null
  };
}
