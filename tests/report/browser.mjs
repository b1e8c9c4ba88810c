// browser.mjs NPM CHROMIUM WORK N: the HTML reports in WORK, in a real browser. TAP from N + 1
// on, without a plan.
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [npm, executablePath, work, before] = process.argv.slice(2)
const require = createRequire(join(npm, 'node_modules', 'x.js'))
const { chromium } = require('playwright-core')
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] })
let number = +before, failed = 0

async function test(name, body) {
	number++
	try {
		const more = await body()
		console.log(`ok ${number} - HTML: ${name}${more ? `: ${more}` : ''}`)
	} catch (e) {
		failed++
		console.log(`not ok ${number} - HTML: ${name}`)
		console.log(`# ${String(e.stack ?? e).split('\n').slice(0, 4).join('\n# ')}`)
	}
}
function must(ok, text) {
	if (!ok) throw new Error(text)
}
const url = name => `file://${work}/${name}.html`

// A page with its report; what it asked for and complained of.
async function open(name, options = {}) {
	const page = await browser.newPage(options)
	page.asked = []
	page.said = []
	page.on('request', r => page.asked.push(r.url()))
	page.on('console', m => page.said.push(m.text()))
	page.on('pageerror', e => page.said.push(String(e)))
	await page.goto(url(name))
	return page
}

await test('loads nothing, says nothing, in order', async () => {
	const page = await open('rich')
	must(page.asked.length === 1, `asked for ${page.asked}`)
	must(page.said.length === 0, page.said.join('; '))
	must(await page.evaluate(() => document.compatMode) === 'CSS1Compat', 'quirks mode')
	must(await page.title() === 'kis_core_deploy: rollback_incomplete', await page.title())
	const levels = await page.$$eval('h1,h2,h3,h4', hs => hs.map(h => +h.tagName[1]))
	must(levels[0] === 1 && levels.filter(l => l === 1).length === 1, `one h1: ${levels}`)
	const ids = await page.$$eval('[id]', es => es.map(e => e.id))
	must(new Set(ids).size === ids.length, 'an id stands twice')
	const dangling = await page.$$eval('a[href^="#"]', as => as.map(a => a.getAttribute('href')).filter(h => !document.querySelector(h)))
	must(!dangling.length, `links to nowhere: ${dangling}`)
	await page.close()
})

await test('header, cause, timeline, guards, rollback, residue', async () => {
	const page = await open('rich')
	const text = await page.evaluate(() => document.body.innerText)
	for (const t of ['KIS_CORE_V3 배포', 'Cause', 'What a person must still do (1)', 'Timeline', 'The rollback stack', 'act/stop[1]', 'undo_failed'])
		must(text.includes(t), `it does not say: ${t}`)
	must(await page.locator('.tl i.undo').count() === 2, 'two undos in the timeline')
	must(await page.locator('.tl i.bad').count() >= 3, 'failed attempts in the timeline')
	const saw = await page.locator('td', { hasText: 'steps.load.cpu = 81%' }).count()
	must(saw > 0, 'the guard shows what it saw')
	await page.close()
})

await test('by keyboard: skip link, links, folding', async () => {
	const page = await open('rich')
	await page.keyboard.press('Tab')
	must(await page.evaluate(() => document.activeElement.className) === 'skip', 'the first stop is the skip link')
	must(await page.evaluate(() => document.activeElement.getBoundingClientRect().left >= 0), 'it is seen')
	await page.keyboard.press('Enter')
	must((await page.evaluate(() => location.hash)) === '#steps', 'it leads to the steps')
	const closed = page.locator('details.s:not([open]) > summary').first()
	await closed.focus()
	const id = await closed.evaluate(e => e.parentElement.id)
	const outline = await closed.evaluate(e => e.matches(':focus-visible') ? getComputedStyle(e).outlineStyle : 'none')
	await page.keyboard.press('Enter')
	must(await page.evaluate(i => document.getElementById(i).open, id), 'Enter unfolds a step')
	await page.keyboard.press('Enter')
	must(!await page.evaluate(i => document.getElementById(i).open, id), 'Enter folds it again')
	must(outline !== 'none', 'the focus is seen')
	const stops = []
	for (let i = 0; i < 400; i++) {
		await page.keyboard.press('Tab')
		stops.push(await page.evaluate(() => document.activeElement.tagName))
		if (stops.at(-1) === 'BODY') break
	}
	must(stops.length > 30 && stops.at(-1) === 'BODY', `no trap: ${stops.length} stops`)
	await page.close()
})

await test('every link, image and region has a name', async () => {
	const page = await open('rich')
	const cdp = await page.context().newCDPSession(page)
	const { nodes } = await cdp.send('Accessibility.getFullAXTree')
	const nameless = nodes.filter(n => !n.ignored && ['link', 'image', 'button', 'DisclosureTriangle', 'navigation', 'heading', 'table'].includes(n.role?.value) &&
		n.role.value !== 'table' && !n.name?.value?.trim())
	must(!nameless.length, JSON.stringify(nameless.slice(0, 3).map(n => n.role.value)))
	must(nodes.some(n => n.role?.value === 'main'), 'main')
	must(nodes.some(n => n.role?.value === 'banner'), 'banner')
	await page.close()
})

// WCAG 2 contrast of all text against what is painted behind it.
const contrast = () => {
	const parse = c => (c.match(/[\d.]+/g) ?? []).map(Number)
	const lum = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0)
	const behind = e => {
		for (; e; e = e.parentElement) {
			const c = parse(getComputedStyle(e).backgroundColor)
			if (c.length === 3 || c[3] > 0.99) return c
		}
		return [255, 255, 255]
	}
	const low = []
	for (const e of document.querySelectorAll('body *')) {
		if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility() || e.closest('.v,.skip')) continue
		const a = lum(parse(getComputedStyle(e).color)), b = lum(behind(e))
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
		if (ratio < 4.5) low.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)} "${e.textContent.slice(0, 20)}"`)
	}
	return { low, ground: behind(document.body) }
}

await test('dark and light, both readable', async () => {
	const grounds = []
	for (const colorScheme of ['light', 'dark']) {
		const page = await open('rich', { colorScheme })
		const { low, ground } = await page.evaluate(contrast)
		must(!low.length, `${colorScheme}: ${low.slice(0, 4).join('; ')}`)
		grounds.push(ground[0])
		await page.close()
	}
	must(grounds[0] > 200 && grounds[1] < 60, `grounds ${grounds}`)
})

await test('narrow screens do not scroll sideways', async () => {
	for (const width of [320, 768, 1920]) {
		for (const name of ['rich', 'hostile']) {
			const page = await open(name, { viewport: { width, height: 800 } })
			const wide = await page.evaluate(() => document.documentElement.scrollWidth)
			must(wide <= width, `${name} is ${wide} wide in ${width}`)
			await page.close()
		}
	}
})

await test('a link of the timeline leads to its step', async () => {
	const page = await open('rich')
	const link = page.locator('.tl a', { hasText: '데이터베이스' }).first()
	const target = (await link.getAttribute('href')).slice(1)
	await link.click()
	await page.waitForTimeout(200)
	const box = await page.evaluate(i => document.getElementById(i).getBoundingClientRect().top, target)
	must(box >= -5 && box < 800, `the step is at ${box}`)
	await page.close()
})

await test('prints: all steps, in black on white', async () => {
	const page = await open('rich', { colorScheme: 'dark' })
	const few = (await page.evaluate(() => document.body.innerText)).length
	await page.emulateMedia({ media: 'print' })
	must(await page.evaluate(() => getComputedStyle(document.body).backgroundColor) === 'rgb(255, 255, 255)', 'white')
	const folded = page.locator('details.s:not([open]) .bd').first()
	must(await folded.evaluate(e => e.checkVisibility()), 'folded steps are printed')
	const pdf = await page.pdf({ format: 'A4' })
	must(pdf.subarray(0, 5).toString() === '%PDF-' && pdf.length > 20000, `a PDF of ${pdf.length} bytes`)
	const pages = pdf.toString('latin1').match(/\/Type \/Page\b/g)?.length ?? 0
	must(pages >= 2 && pages < 40, `${pages} pages`)
	await page.close()
	return `${pages} pages, from ${few} characters`
})

await test('Korean text in a Korean font', async () => {
	const page = await open('rich')
	const cdp = await page.context().newCDPSession(page)
	await cdp.send('DOM.enable')
	await cdp.send('CSS.enable')
	const { root } = await cdp.send('DOM.getDocument')
	const { nodeId } = await cdp.send('DOM.querySelector', { nodeId: root.nodeId, selector: 'h1' })
	const { fonts } = await cdp.send('CSS.getPlatformFontsForNode', { nodeId })
	const names = fonts.map(f => f.familyName)
	must(names.every(n => !/lastresort|tofu/i.test(n)) && fonts.length >= 1, names.join())
	if (names.some(n => /CJK|Noto Sans KR|Nanum|Un|Baekmuk/.test(n)))
		must(names.some(n => /KR|Nanum|Un|Baekmuk/.test(n)), `Hangul in ${names}`)
	await page.close()
	return names.join(', ')
})

await test('hostile text stays text', async () => {
	const page = await open('hostile')
	await page.waitForTimeout(100)
	must(page.asked.length === 1, `asked for ${page.asked}`)
	must(!(await page.title()).includes('owned') || (await page.title()).startsWith('hostile'), await page.title())
	must(await page.evaluate(() => document.querySelectorAll('script,img,iframe,object,embed,style:not(head style),link').length) === 0, 'foreign elements')
	must((await page.evaluate(() => document.documentElement.outerHTML)).includes('&lt;script&gt;'), 'shown as text')
	must(await page.evaluate(() => getComputedStyle(document.body).display) !== 'none', 'styles')
	must(!/[\u202e\u0001\u001b\ufffe]/.test(await page.evaluate(() => document.body.textContent)), 'control characters')
	await page.close()
})

await test('ten thousand steps open in 2 s', async () => {
	let cpu = Infinity, wall = Infinity, elements = 0, steps = 0
	for (let i = 0; i < 4; i++) {
		const page = await browser.newPage()
		const cdp = await page.context().newCDPSession(page)
		await cdp.send('Performance.enable', { timeDomain: 'threadTicks' })
		const start = Date.now()
		await page.goto(url('many'), { waitUntil: 'load' })
		await page.evaluate(() => new Promise(r => requestAnimationFrame(() => setTimeout(r, 0))))
		wall = Math.min(wall, Date.now() - start)
		const { metrics } = await cdp.send('Performance.getMetrics')
		cpu = Math.min(cpu, metrics.find(m => m.name === 'ProcessTime').value)
		elements = await page.evaluate(() => document.querySelectorAll('*').length)
		steps = await page.evaluate(() => document.querySelectorAll('details.s').length)
		await page.close()
	}
	must(steps >= 10000, `${steps} steps`)
	must(cpu < 2, `${cpu.toFixed(2)} s of its processor time, ${wall} ms in all, ${elements} elements`)
	return `${wall} ms, ${(cpu * 1000).toFixed(0)} ms of them work, ${elements} elements`
})

await browser.close()
process.exit(failed ? 1 : 0)
