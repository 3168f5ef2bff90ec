/** Approvals on this machine: by the command line, else by whoever sits at the terminal, else refused. */
import { createInterface } from 'node:readline/promises';
import { refuseApproval, type Approve } from './pipeline/run/approvals.ts';

/** Answers from `--approve`; without one it asks where there is a terminal. */
export function approveBy(answers: Readonly<Record<string, boolean>>, cancel: AbortSignal): Approve {
  return async (request) => {
    const { environment, stage, jobs } = request;
    const name = Object.keys(answers).find((each) => each.toLowerCase() === environment.toLowerCase());
    if (name !== undefined) {
      const approved = answers[name] ?? false;
      return { approved, reason: approved ? '' : `The environment '${environment}' was rejected with --approve.` };
    }
    if (!process.stdin.isTTY || !process.stdout.isTTY) return refuseApproval(request);
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    try {
      const question = `Stage ${stage} deploys ${jobs.join(', ')} to the environment '${environment}'. Approve? (yes/no) `;
      const answer = await terminal.question(question, { signal: cancel });
      const approved = /^y(es)?$/i.test(answer.trim());
      return { approved, reason: approved ? '' : `The environment '${environment}' was rejected.` };
    } catch {
      return { approved: false, reason: `The approval of '${environment}' was cancelled.` };
    } finally {
      terminal.close();
    }
  };
}
