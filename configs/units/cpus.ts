import { UserError } from "../user-error";

/** An amount of CPU time, in cores; fractional under a cgroup quota. */
export class Cpus {
  private constructor(private readonly amount: number) {}

  static of(cores: number): Cpus {
    if (!Number.isFinite(cores) || cores <= 0) throw new UserError(`a number of CPUs must be above 0, got ${cores}`);
    return new Cpus(cores);
  }

  static min(...all: Cpus[]): Cpus {
    return Cpus.of(Math.min(...all.map((c) => c.amount)));
  }

  toCores(): number {
    return this.amount;
  }

  /** Whole cores, never below one: what decides on numbers of threads and processes. */
  toWholeCores(): number {
    return Math.max(1, Math.floor(this.amount));
  }

  toString(): string {
    return `${Number(this.amount.toFixed(2))}`;
  }
}
