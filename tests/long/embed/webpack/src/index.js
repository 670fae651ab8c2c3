import * as torch2web from "torch2web";
import { loadFromSite } from "./site_loader.js";

Object.assign(globalThis, { torch2web, loadFromSite }); // for the test

const loading = torch2web.loadModel("one", { baseURL: "/torch2web/" });
const output = document.querySelector("output");

document.querySelector("input").addEventListener("change", async ({ target }) => {
  const model = await loading;
  const { top } = await model.predict(target.files[0]);
  output.textContent = `${top[0].label} ${(100 * top[0].probability).toFixed(1)} %`;
});
