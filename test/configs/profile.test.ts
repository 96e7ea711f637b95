import type { ProfileName } from "../../configs/environment";
import { loadProfile } from "../../configs/profile";
import { Bytes } from "../../configs/units/bytes";

describe("a profile", () => {
  it.each<[name: ProfileName, ram: number, cpus: number]>([
    ["small", 2, 1],
    ["medium", 8, 4],
    ["large", 16, 8],
    ["xlarge", 32, 8],
    ["xxlarge", 64, 16],
  ])("%s has %d GB and %d CPUs, on an SSD", (name, ram, cpus) => {
    const profile = loadProfile(name);
    expect(profile.ram.equals(Bytes.gib(ram))).toBe(true);
    expect(profile.cpus.toCores()).toBe(cpus);
    expect(profile.disk).toEqual({ kind: "ssd" });
    expect(profile.description).toMatch(/^\S.*\S$/);
  });
});
