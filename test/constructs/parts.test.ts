import * as fc from "fast-check";
import { hostAddress, subnetsOf } from "../../configs/network";
import { fillSecrets, SECRET_NAMES, secretPlaceholder, secretsIn } from "../../configs/secrets";
import { addressesOf } from "../../constructs/addresses";
import { escapeTemplate } from "../../constructs/service/escape";
import { containersOf } from "../../sizing/plan";
import { corpus } from "../support/corpus";

/** What Terraform makes of a string attribute that evaluates to itself. */
const unescaped = (text: string): string => text.replaceAll("$${", () => "${").replaceAll("%%{", () => "%{");

describe("escapeTemplate", () => {
  it.each([
    [`\${a}`, `$\${a}`],
    ["%{if}", "%%{if}"],
    ["$a {b} 100%", "$a {b} 100%"],
    ["$1 and $$", "$1 and $$"],
    [`a\${TfToken[TOKEN.1]}b`, `a\${TfToken[TOKEN.1]}b`],
    [`\${x}\${TfToken[TOKEN.1]}`, `$\${x}\${TfToken[TOKEN.1]}`],
  ])("turns %s into %s", (text, escaped) => {
    expect(escapeTemplate(text)).toBe(escaped);
  });

  it("leaves nothing that Terraform would evaluate", () => {
    const pieces = fc.constantFrom("a", "{", "}", "%{", "${", " ", "\n", '"', "x}");
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        const text = parts.join("");
        // A sign that stands doubled already would need another reading than Terraform's own.
        fc.pre(!text.includes("$$") && !text.includes("%%"));
        expect(escapeTemplate(text).replaceAll("$${", "").replaceAll("%%{", "")).not.toMatch(/[$%]\{/);
        expect(unescaped(escapeTemplate(text))).toBe(text);
      }),
    );
  });
});

describe("secrets in texts", () => {
  it("are found by their placeholders, once each, in their order", () => {
    const text = `a ${secretPlaceholder("redis_password")} b ${secretPlaceholder("form_secret")} ${secretPlaceholder("redis_password")}`;
    expect(secretsIn(text)).toEqual(["redis_password", "form_secret"]);
    expect(secretsIn("{secret:form_secret} {{ secret:form_secret }}")).toEqual([]);
  });

  it("are all replaced, to the letter", () => {
    for (const name of SECRET_NAMES) {
      const text = `<${secretPlaceholder(name)}|${secretPlaceholder(name)}>`;
      expect(fillSecrets(text, (n) => `$&$1 ${n}`)).toBe(`<$&$1 ${name}|$&$1 ${name}>`);
    }
  });
});

describe("networks", () => {
  it("of an environment are two /24 side by side", () => {
    expect(subnetsOf("10.89.4.0/22")).toEqual({ frontend: "10.89.4.0/24", backend: "10.89.5.0/24" });
    expect(hostAddress("10.89.5.0/24", 17)).toBe("10.89.5.17");
  });

  it.each(["10.89.4.0/24", "10.89.5.0/22", "10.256.4.0/22", "10.89.4/22", "::/22", ""])("fail for %j", (network) => {
    expect(() => subnetsOf(network)).toThrow(`expected a private /22 such as 10.89.4.0/22, got "${network}"`);
  });
});

describe("addresses", () => {
  it("are there for every container, differ, and leave Docker its gateway", () => {
    for (const { environment, plan } of corpus()) {
      const all = addressesOf(environment.docker.network, plan);
      expect([...all.keys()].sort()).toEqual(
        containersOf(plan)
          .map(({ name }) => name)
          .sort(),
      );
      const flat = [...all.values()].flatMap(({ frontend, backend }) => [frontend, backend]).filter(Boolean);
      expect(new Set(flat).size).toBe(flat.length);
      expect(flat.filter((address) => /\.[01]$|\.255$/.test(address as string))).toEqual([]);
    }
  });

  it("keep Nginx off the backend and everything of the database off the frontend", () => {
    for (const { environment, plan } of corpus()) {
      const all = addressesOf(environment.docker.network, plan);
      expect(all.get("nginx")?.backend).toBeUndefined();
      for (const name of ["postgres", "pgbouncer", "redis"]) expect(all.get(name)?.frontend).toBeUndefined();
      for (const { name } of plan.synapse.processes.map(({ container }) => container)) {
        expect(all.get(name)?.frontend && all.get(name)?.backend).toBeTruthy();
      }
    }
  });

  it("stay for main and the database whatever the layout", () => {
    const numbers = corpus().map(({ environment, plan }) => {
      const all = addressesOf(environment.docker.network, plan);
      return [all.get("postgres")?.backend, all.get("synapse-main")?.backend, all.get("nginx")?.frontend]
        .map((address) => address?.split(".")[3])
        .join();
    });
    expect(new Set(numbers)).toEqual(new Set(["3,10,2"]));
  });
});
