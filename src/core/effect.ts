// What a run has done to its destination so far: untouched, visible or recorded. Every end of a run makes its sentence from it.

export type Reach = 'untouched' | 'visible' | 'recorded';

/** A file that a run made visible. */
export interface VisibleFile {
  readonly key: string;
  readonly version: string;
  /** Where it can be fetched. */
  readonly location: string;
}

/** How many files a sentence names. */
const MAX_NAMED = 3;

/** The effect of one attempt at one report and period. It only grows, but for files that the attempt removes again. */
export class Effect {
  readonly #visible = new Map<string, VisibleFile>();
  readonly #formerRemoved: string[] = [];
  readonly #unknown: string[] = [];
  #record: 'not written' | 'unknown' | 'written' = 'not written';
  #isPublishing = false;
  #hasBegun = false;

  get reach(): Reach {
    if (this.#record === 'written') return 'recorded';
    return this.#visible.size + this.#formerRemoved.length === 0 ? 'untouched' : 'visible';
  }

  /** Whether nothing is visible, and no request is on its way that could make something visible. */
  get isUntouched(): boolean {
    const isUnknown = this.#isPublishing || this.#unknown.length > 0 || this.#record === 'unknown';
    return this.reach === 'untouched' && !isUnknown;
  }

  /** Whether any request was sent that can be seen at the destination, be it of a note. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  get visible(): readonly VisibleFile[] {
    return [...this.#visible.values()];
  }

  /** The first request is about to be sent that can be seen at the destination. */
  began(): void {
    this.#hasBegun = true;
  }

  /** Requests that make files visible are on their way; until publishingEnded() more may be visible than is known here. */
  publishingBegan(): void {
    this.#isPublishing = true;
  }

  /** Every request that makes a file visible was answered. */
  publishingEnded(): void {
    this.#isPublishing = false;
  }

  madeVisible({ key, version, location }: VisibleFile): void {
    this.#visible.set(key, { key, version, location });
  }

  /** Whether the file became visible could not be found out. */
  outcomeUnknown(key: string): void {
    this.#unknown.push(key);
  }

  /** The file was removed again. */
  removed(key: string): void {
    this.#visible.delete(key);
  }

  /** A file of the former revision, which has no place in this one, was removed. */
  formerRemoved(key: string): void {
    this.#formerRemoved.push(key);
  }

  /** The run record is at the destination: the period is published. */
  recorded(): void {
    this.#record = 'written';
  }

  /** The run record was sent, and whether it is at the destination could not be found out. */
  recordUnknown(): void {
    this.#record = 'unknown';
  }

  /** What a reader of the destination may find, as half a sentence. */
  get sentence(): string {
    if (this.#record === 'written') return 'the period is published and recorded';
    const locations = [...this.#visible.values()].map(({ location }) => location);
    const parts: string[] = [];
    if (this.#record === 'unknown') parts.push('whether the run record was written could not be found out');
    if (this.#isPublishing) parts.push('which files became visible is not known');
    if (this.#unknown.length > 0) parts.push(`may be visible: ${listed(this.#unknown)}`);
    if (locations.length > 0) {
      const recorded = this.#record === 'unknown' ? '' : ', but not recorded as published';
      parts.push(`already visible${recorded}: ${listed(locations)}`);
    }
    if (this.#formerRemoved.length > 0) parts.push(`already removed: ${listed(this.#formerRemoved)}`);
    return parts.length === 0 ? 'nothing was published' : parts.join('; ');
  }
}

function listed(names: readonly string[]): string {
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  return `${names.slice(0, MAX_NAMED).join(', ')}${more}`;
}
