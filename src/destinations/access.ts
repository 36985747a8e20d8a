/** What a store was opened for: `read` for a source, `write` for a destination. */
export type Access = 'read' | 'write';
