// A SCIM server of a few lines: scimmy-routers on Express, people and groups in two maps.
// It adds only what the library leaves to its user: storing, and refusing a userName that is taken.
// Usage: node scimmy.mjs PORT TOKEN
import { randomUUID } from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const [port, token] = process.argv.slice(2);

function store(uniqueName) {
    const records = new Map();
    const folded = (record) => String(record[uniqueName] ?? "").toLowerCase();
    return {
        // Create, or replace whole where the library names an id.
        ingress(resource, data) {
            const now = new Date();
            const id = resource.id ?? randomUUID();
            const known = records.get(id);
            if (resource.id && !known) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
            for (const [other, record] of records) {
                if (other !== id && folded(record) === folded(data)) {
                    throw new SCIMMY.Types.Error(409, "uniqueness", `${uniqueName} is taken`);
                }
            }
            const plain = JSON.parse(JSON.stringify(data));
            const record = { ...plain, id, meta: { created: known?.meta.created ?? now, lastModified: now } };
            records.set(id, record);
            return structuredClone(record);
        },
        egress(resource) {
            if (resource.id) {
                const record = records.get(resource.id);
                if (!record) throw new SCIMMY.Types.Error(404, null, `Resource ${resource.id} not found`);
                return structuredClone(record);
            }
            const all = [...records.values()].map((record) => structuredClone(record));
            return resource.filter ? resource.filter.match(all) : all;
        },
        degress(resource) {
            if (!records.delete(resource.id)) throw new SCIMMY.Types.Error(404, null, `Resource ${resource.id} not found`);
        },
    };
}

const users = store("userName");
const groups = store("displayName");
SCIMMY.Resources.declare(SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false), users);
SCIMMY.Resources.declare(SCIMMY.Resources.Group, groups);

const app = express();
app.use("/scim/v2", new SCIMMYRouters({
    type: "bearer",
    docUri: "https://example.com/help",
    handler: (request) => {
        if (request.header("Authorization") !== `Bearer ${token}`) throw new Error("the token is missing or wrong");
        return "scimproof";
    },
}));
const server = app.listen(Number(port), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/scim/v2`));
