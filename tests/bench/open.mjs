// open.mjs NPM CHROMIUM FILE...: ms to open each file in chromium, the least of five, one line each.
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'

const [npm, executablePath, ...files] = process.argv.slice(2)
const { chromium } = createRequire(join(resolve(npm), 'node_modules', 'x.js'))('playwright-core')
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] })
for (const file of files) {
	let least = Infinity
	for (let i = 0; i < 5; i++) {
		const page = await browser.newPage()
		const start = Date.now()
		await page.goto(`file://${resolve(file)}`, { waitUntil: 'load' })
		await page.evaluate(() => new Promise(r => requestAnimationFrame(() => setTimeout(r, 0))))
		least = Math.min(least, Date.now() - start)
		await page.close()
	}
	console.log(least)
}
await browser.close()
