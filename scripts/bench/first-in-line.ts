/** Puts the thread that asks before all others in line for a processor: what waits there is the bench, not the server. */
import { execFileSync } from 'node:child_process';

/**
 * Runs `work` with this thread in the real-time class, of which Linux lets no other thread have its processor; answers what
 * `work` does, and whether the machine allowed it (it asks for root, and for util-linux). Threads that are started
 * meanwhile are in that class too.
 */
export async function firstInLine<T>(work: () => Promise<T>): Promise<{ result: T; isFirst: boolean }> {
  const isFirst = changeClass('--fifo', '1');
  try {
    return { result: await work(), isFirst };
  } finally {
    if (isFirst) changeClass('--other', '0');
  }
}

function changeClass(policy: '--fifo' | '--other', priority: string): boolean {
  try {
    // The process id is the id of its first thread, and of no other.
    execFileSync('chrt', [policy, '--pid', priority, String(process.pid)], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
