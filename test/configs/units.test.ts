import * as fc from "fast-check";
import { Bytes } from "../../configs/units/bytes";
import { Cpus } from "../../configs/units/cpus";
import { Duration } from "../../configs/units/duration";
import { UserError } from "../../configs/user-error";

const GIB = 1024 ** 3;

describe("Bytes", () => {
  it.each([
    ["512MB", 512 * 1024 ** 2],
    ["4GB", 4 * GIB],
    ["4 GB", 4 * GIB],
    ["4GiB", 4 * GIB],
    ["4G", 4 * GIB],
    ["4g", 4 * GIB],
    [" 4gb ", 4 * GIB],
    ["1.5GiB", 1.5 * GIB],
    ["64kB", 65536],
    ["64KiB", 65536],
    ["2T", 2 * 1024 ** 4],
    ["12B", 12],
    ["0MB", 0],
    ["0.3kB", 307],
  ])("reads %s", (text, bytes) => {
    expect(Bytes.parse(text).toBytes()).toBe(bytes);
  });

  it.each(["512", "", "GB", "-1GB", "1,5GB", "1e3MB", "4 G B", "4PB", "four GB", "4GB4GB", "4Gib.", "0x10MB"])(
    "fails to read %j",
    (text) => {
      expect(Bytes.tryParse(text)).toBeUndefined();
      expect(() => Bytes.parse(text)).toThrow(UserError);
      expect(() => Bytes.parse(text)).toThrow(`expected a size such as 512MB or 4GB, got ${JSON.stringify(text)}`);
    },
  );

  it.each([
    [Bytes.gib(4), "4GB", "4gb", "4G", "4g", "4 GB"],
    [Bytes.mib(1536), "1536MB", "1536mb", "1536M", "1536m", "1.5 GB"],
    [Bytes.kib(64), "64kB", "64kb", "64K", "64k", "64 kB"],
    [Bytes.mib(12.5), "12800kB", "12800kb", "12800K", "12800k", "12.5 MB"],
    [Bytes.gib(1).plus(Bytes.of(1)), "1073741825B", "1073741825b", "1073741825", "1073741825", "1 GB"],
  ])("is spelt as each program wants it: %s", (bytes, postgres, redis, synapse, nginx, people) => {
    expect([bytes.toPostgres(), bytes.toRedis(), bytes.toSynapse(), bytes.toNginx(), bytes.toString()]).toEqual([
      postgres,
      redis,
      synapse,
      nginx,
      people,
    ]);
  });

  it("does arithmetic without going below zero", () => {
    const [one, four] = [Bytes.gib(1), Bytes.gib(4)];
    expect(one.minus(four).toBytes()).toBe(0);
    expect(four.minus(one).equals(Bytes.gib(3))).toBe(true);
    expect(Bytes.sum([one, four]).equals(Bytes.gib(5))).toBe(true);
    expect(Bytes.sum([]).equals(Bytes.ZERO)).toBe(true);
    expect(Bytes.gib(9).clamp(one, four).equals(four)).toBe(true);
    expect(Bytes.ZERO.clamp(one, four).equals(one)).toBe(true);
    expect(one.isLessThan(four) && four.isMoreThan(one) && !one.isMoreThan(one) && !one.isLessThan(one)).toBe(true);
    expect(Bytes.mib(1000).floorTo(Bytes.mib(64)).toMiB()).toBe(960);
    expect(Bytes.mib(1000).ceilTo(Bytes.mib(64)).toMiB()).toBe(1024);
    expect(Bytes.mib(3).dividedBy(2).toBytes()).toBe(1.5 * 1024 ** 2);
    expect(Bytes.mib(3).times(1.5).toBytes()).toBe(4.5 * 1024 ** 2);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("fails to be %d bytes", (amount) => {
    expect(() => Bytes.of(amount)).toThrow(UserError);
  });

  const amount = fc.integer({ min: 0, max: 8 * 1024 ** 4 }).map(Bytes.of);

  it("comes back from every program's own form", () => {
    fc.assert(
      fc.property(amount, (bytes) => {
        expect(Bytes.parse(bytes.toPostgres()).equals(bytes)).toBe(true);
        expect(Bytes.parse(bytes.toRedis()).equals(bytes)).toBe(true);
        const synapse = bytes.toSynapse();
        expect(Bytes.parse(/\d$/.test(synapse) ? `${synapse}B` : synapse).equals(bytes)).toBe(true);
      }),
    );
  });

  it("comes back from the form for people to within 5 %", () => {
    fc.assert(
      fc.property(amount, (bytes) => {
        const back = Bytes.parse(bytes.toString()).toBytes();
        expect(Math.abs(back - bytes.toBytes())).toBeLessThanOrEqual(0.05 * bytes.toBytes() + 1);
      }),
    );
  });

  it("rounds down and up around the amount itself, to whole steps", () => {
    fc.assert(
      fc.property(amount, fc.integer({ min: 1, max: 2 ** 30 }).map(Bytes.of), (bytes, step) => {
        const [low, high] = [bytes.floorTo(step).toBytes(), bytes.ceilTo(step).toBytes()];
        expect(low).toBeLessThanOrEqual(bytes.toBytes());
        expect(high).toBeGreaterThanOrEqual(bytes.toBytes());
        expect([low % step.toBytes(), high % step.toBytes()]).toEqual([0, 0]);
        expect(high - low).toBeLessThanOrEqual(step.toBytes());
      }),
    );
  });

  it("clamps between its limits, whatever the amount", () => {
    fc.assert(
      fc.property(amount, amount, amount, (bytes, a, b) => {
        const [low, high] = a.isLessThan(b) ? [a, b] : [b, a];
        const clamped = bytes.clamp(low, high);
        expect(clamped.isLessThan(low) || clamped.isMoreThan(high)).toBe(false);
      }),
    );
  });

  it("takes any text without throwing", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9. kKMGTib-]{0,9}$/)), (text) => {
        const parsed = Bytes.tryParse(text);
        expect(parsed === undefined || Number.isSafeInteger(parsed.toBytes())).toBe(true);
      }),
    );
  });
});

describe("Duration", () => {
  it.each([
    ["30s", 30_000],
    ["5m", 300_000],
    ["1h", 3_600_000],
    ["250ms", 250],
    ["7d", 604_800_000],
    ["1.5s", 1500],
    [" 2 m ", 120_000],
  ])("reads %s", (text, millis) => {
    expect(Duration.tryParse(text)?.toMillis()).toBe(millis);
  });

  it.each(["30", "", "s", "-5s", "5 min", "1h30m", "5S", "1w"])("fails to read %j", (text) => {
    expect(Duration.tryParse(text)).toBeUndefined();
  });

  it.each([
    [Duration.seconds(30), "30s", "30s", "30s"],
    [Duration.seconds(60), "1m0s", "1m", "1min"],
    [Duration.seconds(90), "1m30s", "90s", "90s"],
    [Duration.millis(1500), "1.5s", "1500ms", "1500ms"],
    [Duration.hours(1), "1h0m0s", "1h", "1h"],
    [Duration.minutes(90), "1h30m0s", "90m", "90min"],
    [Duration.millis(0), "0s", "0ms", "0ms"],
    [Duration.millis(1), "1ms", "1ms", "1ms"],
    [Duration.millis(999), "999ms", "999ms", "999ms"],
  ])("is spelt as Go, Nginx and Postgres want it: %s", (duration, go, plain, postgres) => {
    expect([duration.toGo(), duration.toString(), duration.toPostgres()]).toEqual([go, plain, postgres]);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("fails to be %d ms", (millis) => {
    expect(() => Duration.millis(millis)).toThrow(UserError);
  });

  const duration = fc.integer({ min: 0, max: 30 * 86_400_000 }).map(Duration.millis);

  it("comes back from its own form", () => {
    fc.assert(
      fc.property(duration, (span) => {
        expect(Duration.tryParse(span.toString())?.toMillis()).toBe(span.toMillis());
      }),
    );
  });

  it("has a form in Go whose parts add up to it, each below the next", () => {
    fc.assert(
      fc.property(duration, (span) => {
        fc.pre(span.toMillis() === 0 || span.toMillis() >= 1000);
        const match = /^(?:(\d+)h)?(?:(\d+)m)?(\d+(?:\.\d{1,3})?)s$/.exec(span.toGo());
        expect(match).not.toBeNull();
        const [h, m, s] = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0), Number(match?.[3])];
        expect(Math.round(h * 3_600_000 + m * 60_000 + s * 1000)).toBe(span.toMillis());
        expect(m < 60 && s < 60).toBe(true);
      }),
    );
  });

  it("rounds seconds up, so that a time limit is never cut short", () => {
    fc.assert(
      fc.property(duration, (span) => {
        expect(span.toSeconds() * 1000).toBeGreaterThanOrEqual(span.toMillis());
        expect(span.toSeconds() * 1000 - span.toMillis()).toBeLessThan(1000);
      }),
    );
  });

  it("compares by length", () => {
    expect(Duration.seconds(59).isLessThan(Duration.minutes(1))).toBe(true);
    expect(Duration.minutes(1).isLessThan(Duration.seconds(60))).toBe(false);
  });
});

describe("Cpus", () => {
  it("never counts fewer than one whole core", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 512, noNaN: true }), (cores) => {
        const whole = Cpus.of(cores).toWholeCores();
        expect(whole).toBeGreaterThanOrEqual(1);
        expect(whole === 1 || whole <= cores).toBe(true);
        expect(Cpus.of(cores).toCores()).toBe(cores);
      }),
    );
  });

  it("shows at most two decimals", () => {
    expect([Cpus.of(2), Cpus.of(1.5), Cpus.of(0.3333), Cpus.of(1.999)].map(String)).toEqual(["2", "1.5", "0.33", "2"]);
  });

  it("knows the least of several", () => {
    expect(Cpus.min(Cpus.of(4), Cpus.of(1.5), Cpus.of(2)).toCores()).toBe(1.5);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("fails to be %d cores", (cores) => {
    expect(() => Cpus.of(cores)).toThrow(`a number of CPUs must be above 0, got ${cores}`);
  });
});
