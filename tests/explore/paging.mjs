// Uses the table of columns as a person with a keyboard would.
//   node paging.mjs FOLDER_WITH_node_modules CHROMIUM PAGE
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, chromium, path] = process.argv.slice(2);
const require = createRequire(pathToFileURL(modules + "/"));
const { chromium: driver } = require("playwright-core");
const browser = await driver.launch({
  executablePath: chromium,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
});
const page = await browser.newPage();
await page.goto(pathToFileURL(path).href);
const seen = {};
const look = async () => ({
  rows: await page.locator("#columns-table tbody tr:visible").count(),
  told: await page.locator(".tools output").textContent(),
});
seen.first = await look();
await page.getByRole("button", { name: "Next" }).focus();
await page.keyboard.press("Enter");
seen.next = await look();
await page.getByLabel("Find a column").fill("name 21");
seen.searched = await look();
await page.getByLabel("Find a column").fill("");
await page.locator("select[data-what=kind]").selectOption("category");
seen.category = await look();
await page.locator("select[data-what=kind]").selectOption("all");
await page.locator("select[data-what=sort]").selectOption("name");
seen.sorted = await page.locator("#columns-table tbody tr:visible th").first().textContent();
const link = page.locator("#columns-table tbody tr:visible a").first();
await link.focus();
await page.keyboard.press("Enter");
await page.waitForFunction(() => document.querySelector("details.card[open]") !== null);
seen.unfolded = await page.locator("details.card[open] .inside").first().isVisible();
await browser.close();
console.log(JSON.stringify(seen));
