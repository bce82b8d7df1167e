/**
 * The one place where a name becomes an object. All objects of a deployment are in its jurisdiction, and the
 * same name in another one is another object: a call site that left it out would find an empty object beside
 * the real one.
 */
export function stubByName<T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
  name: string,
  jurisdiction: DurableObjectJurisdiction | null,
): DurableObjectStub<T> {
  return (jurisdiction === null ? namespace : namespace.jurisdiction(jurisdiction)).getByName(name);
}
