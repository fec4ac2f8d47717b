/** Returns the numbers of all leases of an etcd, from its JSON gateway: another way to it than the client's own. */
export async function leasesOf(endpoint: string): Promise<number[]> {
  const response = await fetch(`${endpoint}/v3/lease/leases`, { method: 'POST', body: '{}' })
  const { leases = [] } = (await response.json()) as { leases?: { ID: string }[] }
  return leases.map(({ ID }) => Number(ID))
}
