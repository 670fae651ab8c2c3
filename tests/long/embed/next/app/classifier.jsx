"use client";

import { useEffect } from "react";
import * as torch2web from "torch2web";
import { ImageClassifier } from "torch2web/react";
import { loadFromSite } from "./site_loader.js";

export function Classifier() {
  useEffect(() => {
    Object.assign(globalThis, { torch2web, loadFromSite }); // for the test
  }, []);
  return <ImageClassifier model="one" baseURL="/torch2web/" />;
}
