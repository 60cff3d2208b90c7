// Opens pages in headless Chromium, as a person would, and says what is wrong with them.
//   node browser.mjs FOLDER_WITH_node_modules CHROMIUM PICTURES_OR_- PAGE...
// Needs playwright-core and axe-core. Prints one JSON object.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, chromium, pictures, ...pages] = process.argv.slice(2);
const require = createRequire(pathToFileURL(modules + "/"));
const { chromium: driver } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const quiet = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
const views = [[1440, "light"], [1440, "dark"], [768, "light"], [360, "light"], [360, "dark"]];
const found = [];

const browser = await driver.launch({ executablePath: chromium, args: quiet });
for (const path of pages) {
  const name = basename(path, ".html");
  for (const [width, scheme] of views) {
    const size = { viewport: { width, height: 900 }, colorScheme: scheme };
    const context = await browser.newContext(size);
    const page = await context.newPage();
    const errors = [];
    page.on("console", (m) => { if (["error", "warning"].includes(m.type())) errors.push(m.text()); });
    page.on("pageerror", (e) => errors.push(String(e)));
    page.on("dialog", (d) => { errors.push("dialog " + d.message()); d.dismiss(); });
    page.on("request", (r) => {
      if (!/^(file|data):/.test(r.url())) errors.push("request " + r.url());
    });
    await page.goto(pathToFileURL(path).href);
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    if (pictures !== "-") {
      await page.screenshot({ path: `${pictures}/${name}-${width}-${scheme}.png`, fullPage: true });
      if (width === 1440 && scheme === "light") {
        await page.pdf({ path: `${pictures}/${name}.pdf`, preferCSSPageSize: true });
      }
    }
    await context.close();
    // The page's own policy forbids the script of axe; it is lifted for this look only.
    const lifted = await browser.newContext({ ...size, bypassCSP: true });
    const judged = await lifted.newPage();
    await judged.goto(pathToFileURL(path).href);
    await judged.addScriptTag({ content: axe });
    const result = await judged.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
    const faults = result.violations.map((v) => ({
      impact: v.impact, rule: v.id, where: v.nodes.slice(0, 3).map((n) => n.target.join(" ")),
    }));
    found.push({ page: name, width, scheme, overflow, errors, faults });
    await lifted.close();
  }
}
await browser.close();
console.log(JSON.stringify(found));
