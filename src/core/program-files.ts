// What to say when files of this program are gone: an upgrade replaces them while it runs.
import { ReportError } from './errors.js';

/** The error itself, or ReportError `unexpected` when it is that a file of this program could not be imported. */
export function explainMissingFile(error: unknown): unknown {
  const { code, url } = (error ?? {}) as { readonly code?: string; readonly url?: string };
  if (code !== 'ERR_MODULE_NOT_FOUND' || !url?.startsWith('file:')) return error;
  return new ReportError('unexpected', 'files of this program were removed or replaced while it ran', {
    hint: 'Run the same command again; upgrade while nothing runs',
    cause: error,
  });
}
