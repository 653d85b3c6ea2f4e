/** Ids of the messages we send: XML names that nobody guesses. */
import { randomBytes } from 'node:crypto';

/** `_` and 160 random bits (SAML core §1.3.4). */
export const newMessageId = (): string => `_${randomBytes(20).toString('hex')}`;
