/** The storage of the bundled OIDC identity provider: maps in memory, one set per instance. */

type Payload = Record<string, unknown>;

/** One oidc-provider adapter per model over maps of this instance only; expiry is left to the library's own checks. */
export function createOidcRecords(): (model: string) => object {
  const models = new Map<string, Map<string, Payload>>();
  return (model) => {
    const records = models.get(model) ?? new Map<string, Payload>();
    models.set(model, records);
    const findBy = async (key: string, value: unknown) =>
      [...records.values()].find((payload) => payload[key] === value);
    return {
      async upsert(id: string, payload: Payload) {
        records.set(id, payload);
      },
      async find(id: string) {
        return records.get(id);
      },
      findByUid: (uid: string) => findBy('uid', uid),
      findByUserCode: (userCode: string) => findBy('userCode', userCode),
      async consume(id: string) {
        const payload = records.get(id);
        if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
      },
      async destroy(id: string) {
        records.delete(id);
      },
      async revokeByGrantId(grantId: string) {
        for (const [id, payload] of records) if (payload.grantId === grantId) records.delete(id);
      },
    };
  };
}
