// node-vault, unchanged, does what it is used for. Ends with status 0 if all went as expected.
import assert from "node:assert/strict";
import nodeVault from "node-vault";

const options = { apiVersion: "v1", endpoint: process.env.VAULT_ADDR, token: process.env.VAULT_TOKEN };
const vault = nodeVault(options);
const refused = (promise, pattern) => assert.rejects(promise, pattern);

const health = await vault.health();
assert.equal(health.initialized, true);
assert.equal((await vault.status()).sealed, false);

await vault.write("secret/data/node/a", { data: { user: "ada" } });
assert.deepEqual((await vault.read("secret/data/node/a")).data.data.user, "ada");
assert.deepEqual((await vault.list("secret/metadata/node")).data.keys, ["a"]);
await vault.delete("secret/data/node/a");
await refused(vault.read("secret/data/node/a"), /Status 404|404/);
await refused(vault.read("secret/data/node/none"), /Status 404|404/);

await vault.mount({ mount_point: "node-one", type: "kv" });
await vault.write("node-one/a", { x: "1" });
assert.equal((await vault.read("node-one/a")).data.x, "1");
assert.ok("node-one/" in (await vault.mounts()).data);
await vault.unmount({ mount_point: "node-one" });

await vault.addPolicy({ name: "node", rules: 'path "secret/data/node/*" { capabilities = ["read", "list"] }' });
assert.ok((await vault.policies()).data.policies.includes("node"));
// The client that creates a token goes on with it, so another one does.
const child = (await nodeVault(options).tokenCreate({ policies: ["node"], ttl: "1h" })).auth.client_token;
const narrow = nodeVault({ ...options, token: child });
assert.equal((await narrow.tokenLookupSelf()).data.id, child);
await refused(narrow.write("secret/data/node/a", { data: {} }), /permission denied/);
assert.equal((await narrow.tokenRenewSelf({ increment: 7200 })).auth.client_token, child);
await vault.tokenRevoke({ token: child });
await refused(narrow.tokenLookupSelf(), /permission denied/);
await vault.removePolicy({ name: "node" });

await vault.enableAuth({ mount_point: "node-users", type: "userpass" });
await vault.write("auth/node-users/users/ada", { password: "correct horse", policies: "default" });
const login = await nodeVault({ ...options, token: "" }).userpassLogin({
  mount_point: "node-users", username: "ada", password: "correct horse",
});
assert.equal(login.auth.metadata.username, "ada");
await vault.disableAuth({ mount_point: "node-users" });

await vault.enableAuth({ mount_point: "node-roles", type: "approle" });
await vault.addApproleRole({ mount_point: "node-roles", role_name: "ci", token_policies: "default" });
const { role_id } = (await vault.getApproleRoleId({ mount_point: "node-roles", role_name: "ci" })).data;
const { secret_id } = (await vault.getApproleRoleSecret({ mount_point: "node-roles", role_name: "ci" })).data;
const entered = await nodeVault({ ...options, token: "" }).approleLogin({
  mount_point: "node-roles", role_id, secret_id,
});
assert.equal(entered.auth.metadata.role_name, "ci");

await vault.write("transit/keys/node", { type: "aes256-gcm96" });
const sealed = await vault.encryptData({ name: "node", plaintext: "aGVsbG8=" });
const opened = await vault.decryptData({ name: "node", ciphertext: sealed.data.ciphertext });
assert.equal(opened.data.plaintext, "aGVsbG8=");
console.log("done");
