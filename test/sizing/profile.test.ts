import { defaultEnvironment } from "../../configs/default-environment";
import { PROFILE_NAMES, type ProfileName } from "../../configs/environment";
import { loadProfile } from "../../configs/profile";
import { Bytes } from "../../configs/units/bytes";
import { Cpus } from "../../configs/units/cpus";
import { profileOf } from "../../sizing/profile";

const profileFor = (ram: Bytes): ProfileName =>
  profileOf(defaultEnvironment("test"), { ram, cpus: Cpus.of(4), disk: { kind: "ssd" }, source: "declared" });

describe("the profile of a machine", () => {
  it.each(PROFILE_NAMES)("%s is the one for its own RAM, and for a machine that reports 4 %% less", (name) => {
    const { ram } = loadProfile(name);
    expect(profileFor(ram)).toBe(name);
    expect(profileFor(ram.times(0.96))).toBe(name);
  });

  it.each<[ram: string, name: ProfileName]>([
    ["1GB", "small"],
    ["3.4GB", "small"],
    ["3.9GB", "medium"],
    ["9GB", "large"],
    ["24GB", "large"],
    ["48GB", "xlarge"],
    ["512GB", "xxlarge"],
  ])("for %s is %s", (ram, name) => {
    expect(profileFor(Bytes.parse(ram))).toBe(name);
  });
});
