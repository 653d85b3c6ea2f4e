/** Signing in by password for tests that are about something else. */
import { type SignInInput, signInWithPassword } from '../../src/core/credentials/passwords.ts';

/** The new session's token; fails for somebody who is asked for a second factor. Rejects as the use case does. */
export async function enterByPassword(
  deps: Parameters<typeof signInWithPassword>[0],
  input: SignInInput,
): Promise<{ readonly sessionToken: string }> {
  const answer = await signInWithPassword(deps, input);
  if (answer.kind !== 'entered') throw new Error('a second factor is asked for');
  return answer;
}
