/** Puts threads before all others in line for a processor: what waits there is the bench, not the server. */
import { execFileSync } from 'node:child_process';

/**
 * Runs `work` with the first threads of these processes in the real-time class, of which Linux lets no other thread have its
 * processor; answers what `work` does, and whether the machine allowed it (it asks for root, and for util-linux). Threads that
 * such a thread starts meanwhile are in that class too.
 */
export async function firstInLine<T>(
  processIds: readonly number[],
  work: () => Promise<T>,
): Promise<{ result: T; areFirst: boolean }> {
  const areFirst = processIds.map((id) => changeClass('--fifo', '1', id)).every(Boolean);
  try {
    return { result: await work(), areFirst };
  } finally {
    for (const id of processIds) changeClass('--other', '0', id);
  }
}

function changeClass(policy: '--fifo' | '--other', priority: string, processId: number): boolean {
  try {
    // The id of a process is the id of its first thread, and of no other.
    execFileSync('chrt', [policy, '--pid', priority, String(processId)], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
