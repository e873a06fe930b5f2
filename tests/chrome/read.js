// SPDX-License-Identifier: GPL-2.0-or-later
// read.js VIEWER TRACE: reads a trace with the importer of chrome://tracing, and prints what is in it then, as JSON. VIEWER is the package
// traceviewer, unpacked: its parts are HTML files that import each other, made for a browser.
"use strict";
const fs = require("fs"), path = require("path"), vm = require("vm");
const [viewer, trace] = process.argv.slice(2);
const root = path.join(viewer, "tracing");
const places = [root, path.join(root, "third_party"), path.join(root, "third_party/gl-matrix/dist")];
const loaded = new Set();

function find(href, from) {
  const all = href.startsWith("/") ? places.map((p) => path.join(p, href)) : [path.resolve(path.dirname(from), href)];
  return all.find((f) => fs.existsSync(f));
}

function run(file, text) {
  vm.runInThisContext(text, file);
}

function load(file) {
  if (loaded.has(file)) return;
  loaded.add(file);
  const html = fs.readFileSync(file, "utf8").replace(/<!--[\s\S]*?-->/g, "");
  const parts = /<link\s+rel="import"\s+href="([^"]+)"\s*\/?>|<script(?:\s+src="([^"]+)")?[^>]*>([\s\S]*?)<\/script>/g;
  for (const [, page, script, text] of html.matchAll(parts)) {
    const other = (page || script) && find(page || script, file);
    if (page) load(other);
    else if (!script) run(file, text);
    else if (!loaded.has(other)) {
      loaded.add(other);
      run(other, fs.readFileSync(other, "utf8"));
    }
  }
}

Object.assign(globalThis, { global: globalThis, require, HTMLImportsLoader: { hrefToAbsolutePath: (h) => path.resolve(find(h)) } });
for (const part of ["base/timing.html", "importer/import.html", "extras/importer/trace_event_importer.html"])
  load(path.join(root, "tracing", part));

const tr = globalThis.tr, model = new tr.Model();
new tr.importer.Import(model, new tr.importer.ImportOptions()).importTraces([fs.readFileSync(trace, "utf8")]);
const said = { rings: [], tracks: [], spans: 0, counters: {}, flows: model.flowEvents.length };
for (const p of model.getAllProcesses()) {
  said.rings.push(p.name);
  for (const t of Object.values(p.threads)) {
    said.tracks.push(t.name);
    said.spans += t.asyncSliceGroup.slices.length;
  }
  for (const c of Object.values(p.counters)) said.counters[c.name] = (said.counters[c.name] || 0) + c.series[0].samples.length;
}
said.bound = model.flowEvents.filter((f) => f.startSlice && f.endSlice).length;
said.warnings = model.importWarnings.map((w) => w.message);
console.log(JSON.stringify(said));
