import assert from "node:assert/strict";
import { mkdir, mkdtempDisposable, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { LocalnetError } from "../../src/localnet-error.ts";
import { compileMotoko } from "../../src/motoko/compile.ts";

const greeter = {
  "greeter/main.mo": `
    import Greeting "../lib/Greeting";
    persistent actor {
      var visits = 0;
      public func greet() : async Text { visits += 1; Greeting.hello(debug_show visits) };
    }`,
  "lib/Greeting.mo": `import Words "words"; module { public func hello(t : Text) : Text { Words.hello # t } }`,
  "lib/words/lib.mo": `module { public let hello = "héllo " }`,
};

async function folderOf(files: Record<string, string>) {
  const folder = await mkdtempDisposable(join(tmpdir(), "motoko-"));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, path)), { recursive: true });
    await writeFile(join(folder.path, path), text);
  }
  return folder;
}

test("an actor with local imports compiles once, whatever its metadata, and again when an import changes", async () => {
  await using folder = await folderOf(greeter);
  const options = { main: join(folder.path, "greeter/main.mo"), cache: join(folder.path, "cache") };
  const [first, second] = await Promise.all([compileMotoko(options), compileMotoko(options)]);
  assert.deepEqual(first, second);
  assert.match(first.candid, /greet: \(\) -> \(text\)/);
  assert.match(first.stable, /visits/);
  const text = Buffer.from(first.wasm).toString("latin1");
  assert.ok(text.includes("icp:private enhanced-orthogonal-persistence"));
  assert.ok(text.includes("icp:public candid:service"));
  assert.equal((await readdir(options.cache)).length, 1);
  assert.deepEqual(await compileMotoko(options), first);

  const metadata = { supported_certificate_versions: "2" };
  const { wasm } = await compileMotoko({ ...options, metadata });
  assert.equal((await readdir(options.cache)).length, 1, "metadata needs no other compilation");
  assert.ok(new WebAssembly.Module(wasm), "still a module");
  assert.deepEqual(wasm.subarray(0, first.wasm.length), first.wasm);
  assert.ok(Buffer.from(wasm).toString("latin1").endsWith("icp:public supported_certificate_versions2"));

  // Broken, so that the compiler's refusal shows that it ran.
  await writeFile(join(folder.path, "lib/words/lib.mo"), "module { public let hello = 1 + true }");
  await assert.rejects(compileMotoko(options), { code: "MOTOKO_REFUSED" });
});

test("what the compiler refuses is one error that names file, line and column", async () => {
  await using folder = await folderOf({
    "main.mo": `import Missing "../nowhere/Missing";\npersistent actor {};`,
    "typed.mo": `persistent actor {\n  let a : Nat = "one";\n  let b : Text = 2;\n}`,
    "syntax.mo": "persistent actor {",
  });
  const compile = (name: string) =>
    compileMotoko({ main: join(folder.path, name), cache: join(folder.path, "cache") });
  const refusal = (name: string, lines: RegExp) =>
    assert.rejects(compile(name), (error) => {
      assert.ok(error instanceof LocalnetError);
      assert.equal(error.code, "MOTOKO_REFUSED");
      assert.match(error.message, lines);
      return true;
    });
  await refusal("typed.mo", /typed\.mo:2:17: .*M0050.*typed\.mo:3:18: .*M0050/s);
  await refusal("syntax.mo", /syntax\.mo:1:19: unexpected end of input/);
  await refusal("main.mo", /main\.mo:1:1: .*Missing.*does not exist/);
  await assert.rejects(compile("absent.mo"), { code: "MOTOKO_NOT_FOUND" });
});
