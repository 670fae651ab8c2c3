import { within } from "../fetch/concurrency/time_limit.ts";

/** The part of WebGPU that describes the graphics adapter (W3C, WebGPU, 4.2 and 4.3). */
interface Adapter {
  info?: {
    vendor: string;
    architecture: string;
    device: string;
    description: string;
    isFallbackAdapter?: boolean;
  };
}

export interface AdapterReport {
  /** Identifies the adapter; empty without one. */
  name: string;
  /** Whether it computes in software, slower than WebAssembly. */
  software: boolean;
}

/** Milliseconds in which the browser has to name the adapter. */
const TIMEOUT = 5000;

let report: Promise<AdapterReport> | undefined;

/** The graphics adapter of this device; requested once. Never fails. */
export function adapter(): Promise<AdapterReport> {
  report ??= request();
  return report;
}

async function request(): Promise<AdapterReport> {
  const none = { name: "", software: false };
  const { gpu } = globalThis.navigator as { gpu?: { requestAdapter(): Promise<Adapter | null> } };
  // onnxruntime-web's build with WebGPU needs JavaScript Promise Integration.
  if (!gpu || !("Suspending" in WebAssembly)) return none;
  const found = await within(TIMEOUT, gpu.requestAdapter()).catch(() => null);
  if (!found) return none;
  const { vendor = "", architecture = "", device = "", description = "" } = found.info ?? {};
  const name = [vendor, architecture, device, description].filter(Boolean).join(" ") || "unnamed";
  const software = found.info?.isFallbackAdapter === true || /swiftshader|llvmpipe/i.test(name);
  return { name, software };
}
