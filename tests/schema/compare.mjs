// compare.mjs NPM PROGRAM SCHEMA WORK: ajv's verdicts beside those of `check`.
//
//   what ajv refuses, check refuses
//   what check refuses as RB101..RB119 (shape), ajv refuses
//
// on every runbook of the tree and on mutations of the good ones. Mutations are
// made in the order of the file and chosen by a fixed hash: each run is the same.
import { createRequire } from 'node:module'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [npm, program, schemaFile, work] = process.argv.slice(2)
const require = createRequire(join(npm, 'node_modules', 'x.js'))
const YAML = require('yaml')
const Ajv = require('ajv').default ?? require('ajv')
const ajv = new Ajv({ strict: true, allowUnionTypes: true, strictTypes: false, strictRequired: false })
const validate = ajv.compile(JSON.parse(readFileSync(schemaFile, 'utf8')))

const WANTED = 800 // mutations
const LEAST = 300

function files(dir, pattern) {
	let found = []
	for (const e of readdirSync(dir, { withFileTypes: true })) {
		const path = join(dir, e.name)
		if (e.isDirectory()) found = found.concat(files(path, pattern))
		else if (pattern.test(e.name)) found.push(path)
	}
	return found.sort()
}

// Diagnostics by file.
function check(paths) {
	const by = new Map(paths.map(p => [p, []]))
	for (let i = 0; i < paths.length; i += 100) {
		const r = spawnSync(program, ['check', '--output', 'json', ...paths.slice(i, i + 100)], { encoding: 'utf8', maxBuffer: 1 << 28 })
		if (r.status !== 0 && r.status !== 2) throw new Error(`check ended with ${r.status} ${r.signal}: ${r.stderr}`)
		for (const d of JSON.parse(r.stdout).diagnostics) by.get(d.file)?.push(d)
	}
	return by
}

// (a relation of two values is no shape: draft-07 cannot say it)
const shape = d => d.severity === 'error' && d.code >= 'RB101' && d.code <= 'RB119' && !d.message.includes('closes when it opens')
let compared = 0, unread = 0, refusedBoth = 0, bad = 0

function compare(path, text, diagnostics) {
	let value
	try {
		const doc = YAML.parseDocument(text, { uniqueKeys: true, maxAliasCount: 0 })
		if (doc.errors.length) throw doc.errors[0]
		value = doc.toJS()
	} catch {
		unread++
		return
	}
	compared++
	const errors = diagnostics.filter(d => d.severity === 'error')
	const ajvOk = validate(value)
	const why = ajvOk ? '' : validate.errors.slice(0, 3).map(e => `${e.instancePath} ${e.message}`).join('; ')
	const shapeErrors = errors.filter(shape)
	if (!ajvOk && errors.length) refusedBoth++
	if (!ajvOk && !errors.length) {
		bad++
		console.log(`${path}: ajv refuses what check takes: ${why}`)
	} else if (ajvOk && shapeErrors.length && !errors.some(d => d.code < 'RB100')) {
		bad++
		console.log(`${path}: ajv takes what check refuses: ${shapeErrors.map(d => `${d.code} ${d.line}:${d.column} ${d.message}`).join('; ')}`)
	}
}

// --- the tree ---
const tree = ['runbooks', 'tests/lang', 'tests/errors', 'tests/schema', 'tests/live']
	.flatMap(d => { try { return files(d, /\.ya?ml$/) } catch { return [] } })
	.filter(f => /^(pre-flight|runbook|preflight|act|name):/m.test(readFileSync(f, 'utf8')))
const verdicts = check(tree)
for (const f of tree) compare(f, readFileSync(f, 'utf8'), verdicts.get(f))
const ofTree = compared

// --- mutations ---
function hash(s) {
	let h = 2166136261
	for (let i = 0; i < s.length; i++) h = Math.imul(h ^ s.charCodeAt(i), 16777619)
	return (h ^ (h >>> 13)) >>> 0
}
const scalars = ['zzz', '', 7, -1, 1.5, true, null, '${{ run.id }}', 'a ${{ run.id }} b', '5m', '0s', '10%', 'fail', ['zzz'], [], { zzz: 1 }, {}]
const lists = ['zzz', 7, null, [], { zzz: 1 }, [['zzz']], [null]]
const maps = ['zzz', 7, null, [], ['zzz'], {}]

function* mutations(doc, path, node) {
	const values = YAML.isMap(node) ? maps : YAML.isSeq(node) ? lists : scalars
	if (path.length) {
		for (const v of values) yield [path, 'set', v]
		yield [path, 'delete']
	}
	if (YAML.isMap(node)) {
		yield [path, 'add', ['zzz', 1]]
		for (const k of ['run', 'if', 'to', 'else', 'type', 'max', 'url', 'env', 'as']) if (!node.has(k)) yield [path, 'add', [k, 'zzz']]
		for (const p of node.items) yield* mutations(doc, [...path, p.key.value], p.value)
	} else if (YAML.isSeq(node)) {
		for (let i = 0; i < node.items.length; i++) yield* mutations(doc, [...path, i], node.items[i])
	}
}

const good = tree.filter(f => !/^tests\/errors/.test(f) && verdicts.get(f).every(d => d.severity !== 'error'))
const all = []
for (const f of good) {
	const text = readFileSync(f, 'utf8')
	for (const m of mutations(null, [], YAML.parseDocument(text).contents)) all.push([hash(f + JSON.stringify(m)), f, m])
}
all.sort((a, b) => a[0] - b[0])
const dir = join(work, 'mutations')
mkdirSync(dir, { recursive: true })
const made = new Map()
for (const [, f, [path, what, value]] of all.slice(0, WANTED)) {
	const doc = YAML.parseDocument(readFileSync(f, 'utf8'))
	// an empty text in quotes: plain it would be null
	let node = value
	if (value === '') {
		node = new YAML.Scalar('')
		node.type = 'QUOTE_DOUBLE'
	}
	if (what === 'set') doc.setIn(path, node)
	else if (what === 'delete') doc.deleteIn(path)
	else doc.getIn(path, true)?.set?.(value[0], value[1]) ?? doc.contents.set(value[0], value[1])
	const out = join(dir, `${made.size}.yml`)
	const text = `# ${f} ${what} ${path.join('.')} ${JSON.stringify(value ?? '')}\n${doc.toString({ lineWidth: 0 })}`
	writeFileSync(out, text)
	made.set(out, text)
}
const mutated = check([...made.keys()])
for (const [out, text] of made) {
	const before = bad
	compare(out, text, mutated.get(out))
	if (bad > before) console.log(`    ${text.split('\n')[0]}`)
}
if (made.size < LEAST) {
	bad++
	console.log(`only ${made.size} mutations`)
}
console.log(`${ofTree} runbooks of the tree, ${compared - ofTree} mutations, ${refusedBoth} refused by both, ${unread} that YAML itself refuses, ${bad} disagreements`)
process.exit(bad ? 1 : 0)
