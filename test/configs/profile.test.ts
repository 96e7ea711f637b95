import { PROFILE_NAMES, type ProfileName } from "../../configs/environment";
import { loadProfile, profileFor } from "../../configs/profile";
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

  it.each(PROFILE_NAMES)("%s is the one for its own RAM", (name) => {
    expect(profileFor(loadProfile(name).ram)).toBe(name);
  });

  it.each<[ram: string, name: ProfileName]>([
    ["1GB", "small"],
    ["2.1GB", "medium"],
    ["8.1GB", "large"],
    ["31.9GB", "large"],
    ["63.9GB", "xlarge"],
    ["512GB", "xxlarge"],
  ])("for %s is %s", (ram, name) => {
    expect(profileFor(Bytes.parse(ram))).toBe(name);
  });
});
