// How far a read is, for whoever started it.
import type { Request, Source } from '../core/source.js';

export interface ProgressView {
  /** Called for every batch, with the rows read and the bytes written so far. */
  onProgress(progress: { readonly rows: number; readonly bytes: number }): void;
  stop(): void;
}

/** Called when the sources are open and before anything is read. */
export type OpenProgress = (read: {
  /** The report's name. */
  readonly name: string;
  readonly sources: readonly Source[];
  readonly request: Request;
  /** Whether nothing else runs at the same time. */
  readonly isAlone: boolean;
}) => Promise<ProgressView>;
