// written.mjs NPM PROGRAM SCHEMA WORK: what exec, plan and report write, against the schemas.
//
// Runs every runbook of tests/lang and plans every one of the tree, in earnest and
// as dry-runs, then holds each journal, plan and report against its schema; and the golden
// runs, their bundles, and a statement. Each type of record that docs/journal.md names must
// be in one of them. What the very runbook would have done (a what-if) must be what it did.
import { createRequire } from 'node:module'
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

const [npm, program, , work] = process.argv.slice(2)
const require = createRequire(join(npm, 'node_modules', 'x.js'))
const Ajv = require('ajv').default ?? require('ajv')
const ajv = new Ajv({ strict: true, allowUnionTypes: true, strictTypes: false, strictRequired: false })
const schema = name => ajv.compile(JSON.parse(readFileSync(`schemas/${name}.schema.json`, 'utf8')))
const journal = schema('journal'), plan = schema('plan'), report = schema('report'), bundle = schema('bundle'), statement = schema('statement')
const whatif = schema('whatif')

let bad = 0
const counts = { records: 0, plans: 0, reports: 0, runs: 0, asked: 0, bundles: 0, statements: 0 }
const seen = new Set()

function hold(validate, value, where) {
	if (validate(value)) return
	bad++
	if (bad > 20) return
	// `if` fails where a `then` does: what is said inside is enough
	const why = validate.errors.filter(e => e.keyword !== 'if').slice(0, 3)
		.map(e => `${e.instancePath || '(the whole)'} ${e.message} ${JSON.stringify(e.params)}`)
	console.log(`${where}: ${why.join('; ')}\n  ${JSON.stringify(value).slice(0, 300)}`)
	console.log('  a new member or record is described in schemas/ and docs/journal.md')
}

function run(args, cwd, state) {
	return new Promise(done => {
		const env = { ...process.env, RUNBOOK_STATE: state, RUNBOOK_LOCKS: join(state, 'locks'), CI: 'true' }
		delete env.GITHUB_ACTIONS
		const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'ignore'], timeout: 20000 })
		let out = ''
		child.stdout.on('data', d => { out += d })
		child.on('close', () => done(out))
	})
}

function files(dir) {
	return readdirSync(dir, { withFileTypes: true }).flatMap(e =>
		e.isDirectory() ? files(join(dir, e.name)) : /\.ya?ml$/.test(e.name) ? [join(dir, e.name)] : []).sort()
}

const lang = readdirSync('tests/lang').filter(f => f.endsWith('.yml')).sort()
const slow = /huge|timeout-run\.yml|many/
const scratch = join(work, 'written')
mkdirSync(scratch)

async function one(name, dry) {
	const dir = join(scratch, `${name}.${dry ? 'dry' : 'run'}`), state = join(dir, 'state')
	mkdirSync(state, { recursive: true })
	cpSync(join('tests/lang', name), join(dir, name))
	const beside = join('tests/lang', name.replace(/\.yml$/, '.d'))
	if (existsSync(beside)) cpSync(beside, dir, { recursive: true })
	await run(['exec', name, '--yes', '--no-input', '--no-sync', '-o', 'json', ...(dry ? ['-n'] : [])], dir, state)
	const runs = existsSync(join(state, 'runs')) ? readdirSync(join(state, 'runs')) : []
	for (const id of runs) {
		counts.runs++
		records(readFileSync(join(state, 'runs', id, 'journal.jsonl'), 'utf8'), name)
		const text = await run(['report', id, '-f', 'json'], dir, state)
		counts.reports++
		hold(report, JSON.parse(text), `${name}: report`)
		const asked = JSON.parse(await run(['replay', id, '--against', name, '-o', 'json'], dir, state))
		counts.asked++
		hold(whatif, asked, `${name}: replay --against`)
		if (asked.different) { bad++; console.log(`${name}: the runbook that ran would have done something else: ${JSON.stringify(asked.classes)}`) }
	}
	if (runs.length) hold(whatif, JSON.parse(await run(['replay', '--against', name, '--corpus', state, '-o', 'json'], dir, state) || '{}'), `${name}: --corpus`)
}

function records(text, name) {
	for (const line of text.split('\n').filter(Boolean)) {
		const record = JSON.parse(line)
		counts.records++
		seen.add(record.t)
		hold(journal, record, `${name}: record ${record.n} (${record.t})`)
	}
}

// A bundle is a tar file: see docs/journal.md.
function golden(file) {
	const bytes = readFileSync(file)
	for (let at = 0; bytes[at];) {
		const name = bytes.toString('latin1', at, at + 100).replace(/\0[^]*/, '')
		const size = parseInt(bytes.toString('latin1', at + 124, at + 135), 8)
		const text = bytes.toString('utf8', at + 512, at + 512 + size)
		if (name === 'bundle.json') { counts.bundles++; hold(bundle, JSON.parse(text), file) }
		if (name === 'journal.jsonl') records(text, file)
		at += 512 + Math.ceil(size / 512) * 512
	}
}

// What `export --statement` signs, of a run and of one that undoes it.
async function stated() {
	const dir = join(scratch, 'stated'), state = join(dir, 'state'), key = join(dir, 'key')
	mkdirSync(dir)
	execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
	cpSync('tests/lang/undo-order-phases.yml', join(dir, 'a.yml'))
	cpSync('tests/lang/always-on-success.yml', join(dir, 'b.yml'))
	process.env.RUNBOOK_SIGN_KEY = key
	for (const args of [['exec', 'a.yml', '--no-input'], ['exec', 'b.yml', '--no-input'], ['rollback', '@last']]) {
		await run(args, dir, state)
		const envelope = JSON.parse(await run(['export', '@last', '--statement'], dir, state))
		counts.statements++
		hold(statement, JSON.parse(Buffer.from(envelope.payload, 'base64')), `statement of ${args.join(' ')}`)
	}
	delete process.env.RUNBOOK_SIGN_KEY
}

async function planned(path) {
	const text = await run(['plan', resolve(path), '--output', 'json'], scratch, join(scratch, 'plans'))
	let value
	try { value = JSON.parse(text) } catch { return } // needs inputs, or is wrong: diagnostics
	if (!('steps' in value)) return
	counts.plans++
	hold(plan, value, `${path}: plan`)
}

const jobs = lang.filter(f => !slow.test(f)).flatMap(f => [() => one(f, false), () => one(f, true)])
	.concat(['tests/lang', 'runbooks'].flatMap(files).map(f => () => planned(f)))
for (const f of readdirSync('tests/golden').filter(f => f.endsWith('.tar'))) golden(join('tests/golden', f))
await stated()
await Promise.all([0, 1, 2].map(async () => { for (let job; (job = jobs.shift());) await job() }))

const named = [...readFileSync('docs/journal.md', 'utf8').matchAll(/^\| (`[a-z.]+`(?:, `[a-z.]+`)*) \|/gm)]
	.flatMap(m => [...m[1].matchAll(/`([a-z.]+)`/g)].map(x => x[1])).filter(t => t.length > 2)
const known = new Set(JSON.parse(readFileSync('schemas/journal.schema.json', 'utf8')).properties.t.enum)
for (const t of named)
	if (!known.has(t)) { bad++; console.log(`docs/journal.md names the record ${t}: schemas/journal.schema.json does not`) }
for (const t of named)
	if (!seen.has(t)) { bad++; console.log(`no run has a record ${t}: add one to tests/golden`) }
if (counts.runs < 300 || counts.plans < 150 || counts.records < 5000 || counts.bundles < 20 || counts.statements !== 3) { bad++; console.log('too little was written') }
console.log(`${counts.runs} runs, ${counts.records} records, ${counts.reports} reports, ${counts.plans} plans, ${counts.asked} what-ifs, ${counts.bundles} bundles, ${counts.statements} statements, ${bad} wrong`)
process.exit(bad ? 1 : 0)
