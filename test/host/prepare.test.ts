import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepare, prepareSize } from "../../host/prepare";

/** Nothing outside is asked. */
const TEXT = "server_name: example.org\nhardware: {ram: 4GB, cpus: 2}\nimages: official\n";

let folder: string;
let project: string;
const write = (path: string) => {
  const file = join(project, path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, TEXT);
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "synapse-kit-prepare-"));
  project = join(folder, "project");
  write("configs/environments/chat.yaml");
});
afterEach(() => rmSync(folder, { recursive: true }));

const nameOf = async (nameOrPath: string) => (await prepare(nameOrPath, project)).environment.name;

describe("one state for one file", () => {
  it("refuses a second file of the same name, wherever it lies, and says what to do", async () => {
    expect(await nameOf("chat")).toBe("chat");
    for (const other of ["trial/chat.yaml", "../chat.yaml"]) {
      write(other);
      await expect(prepare(other, project)).rejects.toThrow(
        `${other} is a second file called \`chat\`, which is configs/environments/chat.yaml in this project: they would share one state ` +
          `and one database. Rename ${other}; or, if it takes the place of the other, move configs/environments/chat.yaml away. Nothing was changed`,
      );
      await expect(prepareSize(other, project)).resolves.toMatchObject({ environment: { name: "chat" } });
    }
    expect(await nameOf("chat")).toBe("chat");
  });

  it("goes on with a file that was moved, renamed to the other ending, or named by another path", async () => {
    await nameOf("chat");
    expect(await nameOf("./configs/../configs/environments/chat.yaml")).toBe("chat");
    symlinkSync(join(project, "configs"), join(project, "link"));
    expect(await nameOf("link/environments/chat.yaml")).toBe("chat");
    renameSync(join(project, "configs/environments/chat.yaml"), join(project, "configs/environments/chat.yml"));
    expect(await nameOf("chat")).toBe("chat");
    renameSync(join(project, "configs/environments/chat.yml"), join(project, "chat.yaml"));
    expect(await nameOf("chat.yaml")).toBe("chat");
    write("configs/environments/chat.yaml");
    await expect(prepare("chat", project)).rejects.toThrow("is a second file called `chat`, which is chat.yaml");
  });

  it("goes on in a project folder that was moved", async () => {
    await nameOf("chat");
    renameSync(project, join(folder, "elsewhere"));
    project = join(folder, "elsewhere");
    expect(await nameOf("chat")).toBe("chat");
  });
});
