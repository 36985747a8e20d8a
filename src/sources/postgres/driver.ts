// The driver, imported where it is used.

/**
 * pg tells Cloudflare's workers by `navigator`, which Node has from 21 on, or else by making a Response: with all of fetch
 * that takes 40 ms to load.
 */
export async function importPg(): Promise<typeof import('pg').default> {
  const global = globalThis as { navigator?: { readonly userAgent: string } };
  global.navigator ??= { userAgent: `Node.js/${process.versions.node}` };
  return (await import('pg')).default;
}
