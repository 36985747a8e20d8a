// Imports the driver when it is first used.

/**
 * Without `navigator`, which Node has from version 21 on, pg creates a Response to find out whether it runs in a Cloudflare
 * worker. That loads all of fetch and takes 40 ms, so `navigator` is defined first.
 */
export async function importPg(): Promise<typeof import('pg').default> {
  const global = globalThis as { navigator?: { readonly userAgent: string } };
  global.navigator ??= { userAgent: `Node.js/${process.versions.node}` };
  return (await import('pg')).default;
}
