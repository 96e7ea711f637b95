import type { Environment } from "../../configs/environment";
import { parseEnvironment } from "../../configs/parse-environment";
import type { HostFacts, Input } from "../../sizing/plan";
import { explain, sizeJson, sizeText } from "../../sizing/report";
import { solve } from "../../sizing/solve";
import { machine } from "./fixtures";

const read = (text: string): Environment => parseEnvironment(`server_name: example.org\n${text}`, "chat", "chat.yaml");

const inputsOf = (text: string, host: HostFacts): Record<string, readonly [Input["value"], Input["origin"]]> =>
  Object.fromEntries(solve(read(text), host).inputs.map(({ name, value, origin }) => [name, [value, origin]]));

const DETECTED: HostFacts = { ...machine(8192, 4), source: "detected on unix:///var/run/docker.sock" };

describe("inputsOf", () => {
  it("gives each input of a file that says nothing its default, and the machine as it was found", () => {
    expect(inputsOf("", DETECTED)).toEqual({
      "hardware.ram": ["8GB", "detected"],
      "hardware.cpus": [4, "detected"],
      "hardware.disk.kind": ["ssd", "default"],
      "hardware.disk.size": ["unknown", "default"],
      "expected.users": [500, "default"],
      "expected.events_per_second": [12.5, "default"],
      "expected.fan_out": [5, "default"],
      "expected.federation": ["small", "default"],
      "synapse.workers": ["eight", "default"],
      "synapse.settings.matrix_authentication_service": [false, "default"],
      "pgbouncer.enabled": [true, "default"],
      "monitoring.enabled": [true, "default"],
      "monitoring.alerts.enabled": [true, "default"],
      "monitoring.alerts.receivers": [0, "default"],
      "monitoring.grafana.enabled": [true, "default"],
      "compressor.enabled": [true, "default"],
      "postgres.version": [18, "default"],
      "images.postgres": ["with lz4", "default"],
      "pgbouncer.version": ["1.25.2", "default"],
      "redis.flavour": ["redis", "default"],
      "redis.version": ["8.0.6", "default"],
      "nginx.version": ["1.30.6", "default"],
    });
  });

  it("gives what is left out for the workers as the kit's doing, and alerts only where something watches", () => {
    const own = "synapse: {workers: three}\nmonitoring: {enabled: auto, alerts: {enabled: true}}\n";
    const inputs = inputsOf(own, machine(3641, 15));
    expect(inputs).toMatchObject({ "monitoring.enabled": [false, "default"] });
    expect(Object.keys(inputs)).not.toContain("monitoring.alerts.enabled");
    expect(sizeText(solve(read(own), machine(3641, 15)))).toContain(
      "\nmonitoring is left out: the workers leave no room; `monitoring.enabled: true` asks for it\n",
    );
  });

  it("calls declared what the file writes, though it were the default", () => {
    const text = `
hardware: {ram: 8GB, cpus: 4, disk: {kind: ssd, size: 200GB}}
expected: {users: 300, events_per_second: 9, fan_out: 4, federation: small}
synapse: {workers: three}
pgbouncer: {enabled: true}
monitoring: {enabled: false}
compressor: {enabled: auto}
postgres: {version: 18}
redis: {flavour: valkey}
images: {postgres: "registry.example.org/postgres:18.1", pgbouncer: "registry.example.org/pgbouncer:1.24.1"}
`;
    const { disk } = read(text).hardware as { disk: HostFacts["disk"] };
    expect(inputsOf(text, { ...machine(8192, 4), disk })).toMatchObject({
      "hardware.ram": ["8GB", "declared"],
      "hardware.disk.kind": ["ssd", "declared"],
      "hardware.disk.size": ["200GB", "declared"],
      "expected.users": [300, "declared"],
      "expected.events_per_second": [9, "declared"],
      "expected.fan_out": [4, "declared"],
      "expected.federation": ["small", "declared"],
      "synapse.workers": ["three", "declared"],
      "pgbouncer.enabled": [true, "declared"],
      "monitoring.enabled": [false, "declared"],
      "compressor.enabled": [true, "default"],
      "postgres.version": [18, "declared"],
      "images.postgres": ["lz4 not known", "declared"],
      "pgbouncer.version": ["1.24.1", "declared"],
      "redis.flavour": ["valkey", "declared"],
      "redis.version": ["9.1.2", "default"],
    });
  });

  it("takes the disk for declared beside a detected machine, and of a profile", () => {
    expect(inputsOf("hardware: {disk: nvme}", { ...DETECTED, disk: { kind: "nvme" } })).toMatchObject({
      "hardware.ram": ["8GB", "detected"],
      "hardware.disk.kind": ["nvme", "declared"],
    });
    const profile = { ...machine(8192, 4), source: "profile medium" };
    expect(inputsOf("hardware: medium", profile)).toMatchObject({
      "hardware.ram": ["8GB", "declared"],
      "hardware.disk.kind": ["ssd", "declared"],
    });
  });

  it("stands in the report, by origin", () => {
    const plan = solve(read("expected: {users: 300}\nmonitoring: {enabled: false}"), DETECTED);
    expect(sizeText(plan)).toContain(`inputs
  detected: hardware.ram 8GB, hardware.cpus 4
  declared: expected.users 300, monitoring.enabled false
  default: hardware.disk.kind ssd, hardware.disk.size unknown, expected.events_per_second 7.5,`);
    expect(sizeJson(plan).inputs).toEqual(plan.inputs);
  });
});

describe("a choice that always has a value", () => {
  const settingOf = (text: string, name: string): string => explain(solve(read(text), DETECTED), `postgres.${name}`);

  it.each([
    ["huge_pages", "try", "off"],
    ["jit", "off", "on"],
    ["synchronous_commit", "on", "off"],
  ])("%s is the kit's unless the file writes it", (name, usual, other) => {
    expect(settingOf("", name)).toMatch(new RegExp(`= ${usual}\n(?!.*set by)`));
    const value = name === "huge_pages" ? `"${other}"` : other === "on";
    expect(settingOf(`postgres: {${name}: ${value}}`, name)).toBe(
      `postgres.${name} = ${other}\n  set by postgres.${name}\n  source: environment file\n`,
    );
    const same = name === "huge_pages" ? `"${usual}"` : usual === "on";
    expect(settingOf(`postgres: {${name}: ${same}}`, name)).toContain(`= ${usual}\n  set by postgres.${name}\n`);
  });
});
