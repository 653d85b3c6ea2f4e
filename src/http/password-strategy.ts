/** The password side of the passport seam: one attempt, run as passport-local, that ends where every sign-in ends. */
import passport from 'passport';
import { Strategy } from 'passport-local';
import type { Cause } from '../core/entities/journal.ts';
import { signInWithPassword } from '../core/passwords.ts';
import { GatehouseError } from '../kernel/errors.ts';
import type { HttpDeps } from './deps.ts';

interface PasswordAttempt {
  readonly email: string;
  readonly password: string;
  readonly cause: Cause;
}

type Entered = Awaited<ReturnType<typeof signInWithPassword>>;

/** Answers the new session's token. Throws `unauthenticated` for every kind of failure (S177), `too_many_requests`. */
export function authenticatePassword(deps: HttpDeps, attempt: PasswordAttempt): Promise<Entered> {
  const { email, password, cause } = attempt;
  const { promise, resolve, reject } = Promise.withResolvers<Entered>();
  let entered: Entered | undefined;
  const strategy = new Strategy(
    { usernameField: 'email', passwordField: 'password' },
    (user, secret, done) => {
      signInWithPassword(deps, { email: user, password: secret, cause }).then((answer) => {
        entered = answer;
        done(null, answer);
      }, done);
    },
  );
  const finish = (error: unknown, user: unknown): void => {
    if (error) reject(error);
    else if (entered !== undefined && user === entered) resolve(entered);
    // The strategy refuses an empty field by itself.
    else reject(new GatehouseError('unauthenticated', 'E-mail address and password do not fit together.'));
  };
  // The request the strategy sees is ours: it would read the query too.
  const run: (request: object, response: object, next: (error: unknown) => void) => void =
    new passport.Authenticator().authenticate(strategy, { session: false }, finish);
  run({ body: { email, password }, query: {} }, {}, reject);
  return promise;
}
