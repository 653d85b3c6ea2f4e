/** The password side of the passport seam: one attempt, run as passport-local, that ends where every sign-in ends. */
import passport from 'passport';
import { Strategy } from 'passport-local';
import { refusedEntry } from '../core/credentials/local-entry.ts';
import { type PasswordAnswer, type SignInInput, signInWithPassword } from '../core/credentials/passwords.ts';
import type { HttpDeps } from './deps.ts';

/** Answers what the password led to. Throws `unauthenticated` for every kind of failure (S177), `too_many_requests`. */
export function authenticatePassword(deps: HttpDeps, attempt: SignInInput): Promise<PasswordAnswer> {
  const { email, password } = attempt;
  const { promise, resolve, reject } = Promise.withResolvers<PasswordAnswer>();
  let answered: PasswordAnswer | undefined;
  const strategy = new Strategy(
    { usernameField: 'email', passwordField: 'password' },
    (user, secret, done) => {
      signInWithPassword(deps, { ...attempt, email: user, password: secret }).then((answer) => {
        answered = answer;
        done(null, answer);
      }, done);
    },
  );
  const finish = (error: unknown, user: unknown): void => {
    if (error) reject(error);
    else if (answered !== undefined && user === answered) resolve(answered);
    // The strategy refuses an empty field by itself.
    else reject(refusedEntry());
  };
  // The request the strategy sees is ours: it would read the query too.
  const run: (request: object, response: object, next: (error: unknown) => void) => void =
    new passport.Authenticator().authenticate(strategy, { session: false }, finish);
  run({ body: { email, password }, query: {} }, {}, reject);
  return promise;
}
