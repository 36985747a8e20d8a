// Checks of keys, so that none leads out of its bucket's prefix or its folder.
import { ReportError } from '../../core/errors.js';

/** S3's limit, in bytes of UTF-8. */
const MAX_KEY_BYTES = 1024;

/**
 * Refuses a key that is empty, absolute, too long, or has an empty, `.` or `..` segment or a control character.
 * @throws ReportError `usage`
 */
export function checkKey(key: string): void {
  const wrong = faultOf(key);
  if (wrong !== undefined) {
    throw new ReportError('usage', `the key ${JSON.stringify(key)} ${wrong}`, {
      hint: 'A key is a relative path such as reports/2024/report.csv.',
    });
  }
}

/**
 * Refuses a prefix of keys that could lead out of the destination; it may be empty and may end anywhere in a key.
 * @throws ReportError `usage`
 */
export function checkPrefix(prefix: string): void {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1).replace(/\/$/, '');
  if (folder !== '' || prefix.startsWith('/')) checkKey(folder);
}

/** What is wrong with a key, or undefined. */
export function faultOf(key: string): string | undefined {
  if (key === '') return 'is empty';
  if (key.startsWith('/')) return 'is absolute';
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return `is longer than ${MAX_KEY_BYTES} bytes`;
  if (/\p{Cc}/u.test(key)) return 'has a control character';
  const segments = key.split('/');
  if (segments.includes('')) return 'has an empty segment';
  const relative = segments.find((segment) => segment === '.' || segment === '..');
  return relative === undefined ? undefined : `has the segment "${relative}"`;
}
