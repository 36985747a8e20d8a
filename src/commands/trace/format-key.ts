// Formats a key for messages.
import type { KeyPart } from '../../core/source.js';

/** `id_transacao=123, loja=null` */
export function formatKey(key: readonly KeyPart[]): string {
  return key.map(({ column, value }) => `${column.name}=${value ?? 'null'}`).join(', ');
}
