import { bootstrapApplication } from "@angular/platform-browser";
import * as torch2web from "torch2web";
import { App } from "./app";
import { loadFromSite } from "./site_loader.js";

Object.assign(globalThis, { torch2web, loadFromSite }); // for the test

void bootstrapApplication(App);
