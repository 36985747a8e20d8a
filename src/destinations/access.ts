// What a store was opened for, and whether it refuses that.

/** What a store was opened for: `read` for a source, `write` for a destination. */
export type Access = 'read' | 'write';

/** Whether these credentials, or this user, have no right to do what failed. */
function isDenied(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code = '', $metadata } = error as NodeJS.ErrnoException & {
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  return ['EACCES', 'EPERM'].includes(code) || $metadata?.httpStatusCode === 403 || isDenied(error.cause);
}

/** Undefined where these credentials, or this user, have no right to look. */
export async function ifAllowed<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (error) {
    if (isDenied(error)) return undefined;
    throw error;
  }
}
