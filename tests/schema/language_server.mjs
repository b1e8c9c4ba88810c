// language_server.mjs NPM PROGRAM SCHEMA WORK: yaml-language-server over stdio with
// our schema: completion of keys and words, hover, diagnostics, none on a good file.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [npm, , schemaFile] = process.argv.slice(2)
const schema = pathToFileURL(resolve(schemaFile)).href
const server = spawn(process.execPath, [join(npm, 'node_modules/yaml-language-server/bin/yaml-language-server'), '--stdio'], {
	stdio: ['pipe', 'pipe', 'ignore']
})
const settings = {
	yaml: { schemas: { [schema]: ['/*.yml'] }, validate: true, completion: true, hover: true, schemaStore: { enable: false } },
	http: {}, '[yaml]': {}, editor: {}, files: {}
}
let next = 1, buffer = Buffer.alloc(0)
const waiting = new Map(), published = new Map(), listeners = []

function send(message) {
	const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }))
	server.stdin.write(`Content-Length: ${body.length}\r\n\r\n`)
	server.stdin.write(body)
}
function request(method, params) {
	const id = next++
	send({ id, method, params })
	return new Promise(done => waiting.set(id, done))
}
function receive(m) {
	if (m.method && m.id !== undefined) {
		const result = m.method === 'workspace/configuration' ? m.params.items.map(i => settings[i.section] ?? null) : null
		send({ id: m.id, result })
	} else if (m.id !== undefined) {
		waiting.get(m.id)?.(m.result)
		waiting.delete(m.id)
	} else if (m.method === 'textDocument/publishDiagnostics') {
		published.set(m.params.uri, m.params.diagnostics)
		for (const l of listeners.splice(0)) l()
	}
}
server.stdout.on('data', chunk => {
	buffer = Buffer.concat([buffer, chunk])
	for (;;) {
		const end = buffer.indexOf('\r\n\r\n')
		if (end < 0) return
		const length = Number(/Content-Length: (\d+)/i.exec(buffer.subarray(0, end).toString())[1])
		if (buffer.length < end + 4 + length) return
		const body = buffer.subarray(end + 4, end + 4 + length)
		buffer = buffer.subarray(end + 4 + length)
		receive(JSON.parse(body.toString()))
	}
})

let failed = 0
function ok(what, yes, seen) {
	if (yes) return
	failed++
	console.log(`wrong: ${what}: ${JSON.stringify(seen)?.slice(0, 600)}`)
}
const uri = name => `file:///${name}.yml`
function open(name, text) {
	send({ method: 'textDocument/didOpen', params: { textDocument: { uri: uri(name), languageId: 'yaml', version: 1, text } } })
}
async function diagnostics(name, text) {
	open(name, text)
	while (!published.has(uri(name))) await new Promise(done => listeners.push(done))
	return published.get(uri(name))
}
// Labels offered where | stands.
async function complete(name, marked) {
	const at = marked.indexOf('|')
	const before = marked.slice(0, at).split('\n')
	open(name, marked.slice(0, at) + marked.slice(at + 1))
	const r = await request('textDocument/completion', {
		textDocument: { uri: uri(name) }, position: { line: before.length - 1, character: before.at(-1).length }
	})
	return (r?.items ?? r ?? []).map(i => i.label)
}

setTimeout(() => { console.log('no answer within 60 s'); server.kill(); process.exit(1) }, 60000).unref()
await request('initialize', {
	processId: process.pid, rootUri: null, workspaceFolders: null,
	capabilities: { workspace: { configuration: true, didChangeConfiguration: {} }, textDocument: { publishDiagnostics: {}, completion: { completionItem: {} }, hover: {} } }
})
send({ method: 'initialized', params: {} })
send({ method: 'workspace/didChangeConfiguration', params: { settings } })

const good = readFileSync('tests/schema/everything.yml', 'utf8')
let d = await diagnostics('good', good)
ok('a good runbook has no diagnostics', d.length === 0, d)
d = await diagnostics('unknown', 'runbook: 1\npreflight:\n  - run: [uptime]\n    efect: read\n')
ok('an unknown key is marked', d.some(x => /efect/.test(x.message) && x.range.start.line === 3), d)
d = await diagnostics('word', 'runbook: 1\npreflight:\n  - run: [uptime]\n    effect: reads\n')
ok('a wrong word is marked', d.some(x => x.range.start.line === 3 && x.range.start.character === 12), d)
d = await diagnostics('duration', 'runbook: 1\npreflight:\n  - run: [uptime]\n    timeout: 60\n')
ok('a duration without unit is marked', d.some(x => x.range.start.line === 3), d)

let c = await complete('top', 'runbook: 1\n|\n')
ok('the phases are offered', ['preflight', 'plan', 'act', 'test', 'report', 'inputs', 'vars', 'monitors'].every(k => c.includes(k)), c)
c = await complete('step', 'runbook: 1\nact:\n  - run: [x]\n    |\n')
ok('the modifiers of a step are offered', ['rollback', 'timeout', 'retry', 'guard', 'foreach', 'capture'].every(k => c.includes(k)), c)
ok('the actions are offered, too', c.includes('metric') && !c.includes('monitors'), c)
c = await complete('words', 'runbook: 1\nact:\n  - run: [x]\n    on_fail: |\n')
ok('the words of on_fail are offered', ['fail', 'continue', 'undo', 'pause'].every(k => c.includes(k)), c)
c = await complete('http', 'runbook: 1\nact:\n  - http:\n      url: https://x.org\n      |\n')
ok('the keys of http are offered', ['method', 'headers', 'json', 'auth'].every(k => c.includes(k)), c)
c = await complete('decl', 'runbook: 1\ninputs:\n  tag:\n    type: |\n')
ok('the types of inputs are offered', ['string', 'duration', 'percent', 'list'].every(k => c.includes(k)), c)

open('hover', 'runbook: 1\nact:\n  - run: [x]\n    rollback: []\n')
const h = await request('textDocument/hover', { textDocument: { uri: uri('hover') }, position: { line: 3, character: 6 } })
ok('hover shows the doc of the key', /Undoes the step/.test(JSON.stringify(h)), h)

console.log(`11 questions, ${failed} wrong answers`)
server.kill()
process.exit(failed ? 1 : 0)
