import { UserError } from "../user-error";

const MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A span of time, whole milliseconds. */
export class Duration {
  private constructor(private readonly ms: number) {}

  static millis(amount: number): Duration {
    if (!Number.isFinite(amount) || amount < 0) throw new UserError(`a duration cannot be ${amount} ms`);
    return new Duration(Math.round(amount));
  }

  static seconds(amount: number): Duration {
    return Duration.millis(amount * 1000);
  }

  static minutes(amount: number): Duration {
    return Duration.seconds(amount * 60);
  }

  static hours(amount: number): Duration {
    return Duration.minutes(amount * 60);
  }

  /**
   * Reads `30s`, `5m`, `1h`, `250ms`, `7d`.
   * @returns undefined when the text is no duration.
   */
  static tryParse(text: string): Duration | undefined {
    const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*$/.exec(text);
    const factor = match?.[2] === undefined ? undefined : MS[match[2]];
    return match && factor !== undefined ? Duration.millis(Number(match[1]) * factor) : undefined;
  }

  isLessThan(other: Duration): boolean {
    return this.ms < other.ms;
  }

  toMillis(): number {
    return this.ms;
  }

  /** Whole seconds, rounded up. */
  toSeconds(): number {
    return Math.ceil(this.ms / 1000);
  }

  /**
   * Go's form as the Docker provider reads it back (`1m0s`, `1.5s`, `200ms`): any other spelling is a change on every plan
   * (docs: the provider compares text).
   */
  toGo(): string {
    if (this.ms > 0 && this.ms < 1000) return `${this.ms}ms`;
    const hours = Math.floor(this.ms / 3_600_000);
    const minutes = Math.floor((this.ms % 3_600_000) / 60_000);
    const seconds = `${(this.ms % 60_000) / 1000}s`;
    if (hours > 0) return `${hours}h${minutes}m${seconds}`;
    return minutes > 0 ? `${minutes}m${seconds}` : seconds;
  }

  /** The largest of `h`, `m`, `s` that leaves no fraction, else `ms`: read alike by Synapse (not `ms`) and Nginx. */
  toString(): string {
    for (const unit of ["h", "m", "s"] as const) {
      const factor = MS[unit] as number;
      if (this.ms >= factor && this.ms % factor === 0) return `${this.ms / factor}${unit}`;
    }
    return `${this.ms}ms`;
  }

  /** Postgres' form: minutes are `min`. */
  toPostgres(): string {
    return this.toString().replace(/(\d)m$/, "$1min");
  }
}
