import { UserError } from "../user-error";

const KIB = 1024;
const FACTORS: ReadonlyArray<readonly [suffix: string, factor: number]> = [
  ["TB", KIB ** 4],
  ["GB", KIB ** 3],
  ["MB", KIB ** 2],
  ["kB", KIB],
];

/**
 * An amount of memory or disk, a whole number of bytes. Units are binary (1 GB = 1024³ bytes), as in Postgres, Redis
 * and Docker; `GiB` and `G` are accepted spellings of `GB`.
 */
export class Bytes {
  static readonly ZERO = new Bytes(0);

  private constructor(private readonly amount: number) {}

  static of(bytes: number): Bytes {
    if (!Number.isFinite(bytes) || bytes < 0) throw new UserError(`an amount of bytes cannot be ${bytes}`);
    return new Bytes(Math.floor(bytes));
  }

  static kib(amount: number): Bytes {
    return Bytes.of(amount * KIB);
  }

  static mib(amount: number): Bytes {
    return Bytes.of(amount * KIB ** 2);
  }

  static gib(amount: number): Bytes {
    return Bytes.of(amount * KIB ** 3);
  }

  /**
   * Reads `512MB`, `4 GB`, `1.5GiB`, `64kB` or `2T`.
   * @returns undefined when the text is no size.
   */
  static tryParse(text: string): Bytes | undefined {
    const match = /^\s*(\d+(?:\.\d+)?)\s*(?:([kmgt])(?:i?b)?|b)\s*$/i.exec(text);
    if (!match) return undefined;
    const power = match[2] ? "kmgt".indexOf(match[2].toLowerCase()) + 1 : 0;
    return Bytes.of(Number(match[1]) * KIB ** power);
  }

  /** @throws UserError when the text is no size. */
  static parse(text: string): Bytes {
    const parsed = Bytes.tryParse(text);
    if (!parsed) throw new UserError(`expected a size such as 512MB or 4GB, got ${JSON.stringify(text)}`);
    return parsed;
  }

  static min(...all: Bytes[]): Bytes {
    return Bytes.of(Math.min(...all.map((b) => b.amount)));
  }

  static max(...all: Bytes[]): Bytes {
    return Bytes.of(Math.max(...all.map((b) => b.amount)));
  }

  static sum(all: Iterable<Bytes>): Bytes {
    let total = 0;
    for (const b of all) total += b.amount;
    return Bytes.of(total);
  }

  clamp(low: Bytes, high: Bytes): Bytes {
    return Bytes.max(low, Bytes.min(this, high));
  }

  plus(other: Bytes): Bytes {
    return Bytes.of(this.amount + other.amount);
  }

  /** Never below zero: budgets report what is missing by comparison, not by a negative amount. */
  minus(other: Bytes): Bytes {
    return Bytes.of(Math.max(0, this.amount - other.amount));
  }

  times(factor: number): Bytes {
    return Bytes.of(this.amount * factor);
  }

  dividedBy(divisor: number): Bytes {
    return Bytes.of(this.amount / divisor);
  }

  /** Rounded down to a whole multiple of `step`. */
  floorTo(step: Bytes): Bytes {
    return Bytes.of(Math.floor(this.amount / step.amount) * step.amount);
  }

  /** Rounded up to a whole multiple of `step`. */
  ceilTo(step: Bytes): Bytes {
    return Bytes.of(Math.ceil(this.amount / step.amount) * step.amount);
  }

  isMoreThan(other: Bytes): boolean {
    return this.amount > other.amount;
  }

  isLessThan(other: Bytes): boolean {
    return this.amount < other.amount;
  }

  equals(other: Bytes): boolean {
    return this.amount === other.amount;
  }

  toBytes(): number {
    return this.amount;
  }

  /** Whole MiB, rounded down: what Docker's and Terraform's memory attributes take. */
  toMiB(): number {
    return Math.floor(this.amount / KIB ** 2);
  }

  /** Exact, in the largest unit that leaves no fraction: Postgres' form (`kB`, `MB`, `GB`, `TB`). */
  toPostgres(): string {
    for (const [suffix, factor] of FACTORS) {
      if (this.amount >= factor && this.amount % factor === 0) return `${this.amount / factor}${suffix}`;
    }
    return `${this.amount}B`;
  }

  /** Redis' form: lower case, where `mb` is 1024². */
  toRedis(): string {
    return this.toPostgres().toLowerCase();
  }

  /** Synapse's form: an upper-case letter alone (`512M`), 1024-based (synapse: config/_base.py). */
  toSynapse(): string {
    return this.toPostgres().replace(/B$/, "").replace("k", "K");
  }

  /** Nginx's form: a lower-case letter alone (`512m`); it knows nothing above `g`. */
  toNginx(): string {
    return this.toSynapse().toLowerCase();
  }

  /** For people: at most one decimal. */
  toString(): string {
    for (const [suffix, factor] of FACTORS) {
      if (this.amount >= factor) return `${Number((this.amount / factor).toFixed(1))} ${suffix}`;
    }
    return `${this.amount} B`;
  }
}
