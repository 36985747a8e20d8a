// What to advise for a floating-point column whose sums have to be exact.

/**
 * Such as `preco::numeric(12,4) AS preco`, for messages and comments: a name that SQL would fold is quoted.
 * @param operand what is cast, where it may be an expression
 */
export function numericCast(name: string, operand?: string): string {
  const column = /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
  return `${operand ?? column}::numeric(12,4) AS ${column}`;
}
