/** Looks up DNS TXT records, to see that an organization controls a domain. */

export interface TxtResolver {
  /**
   * All TXT values at `name`, chunks joined; an empty list when there are none or the name does not exist; undefined when nobody
   * answered, or with an error.
   */
  resolveTxt(name: string): Promise<readonly string[] | undefined>;
}
