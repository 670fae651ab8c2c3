/** The part of WebGPU that says whether there is a graphics adapter (W3C, WebGPU, 4.2 and 4.3). */
interface Adapter {
  info?: {
    vendor: string;
    architecture: string;
    device: string;
    description: string;
    isFallbackAdapter?: boolean;
  };
}

/** What WebGPU would run on. */
export interface AdapterReport {
  /** Which one, for people and to tell it from others; empty where there is none. */
  name: string;
  /** Whether it computes in software, slower than WebAssembly does. */
  software: boolean;
}

let asked: Promise<AdapterReport> | undefined;

/** The adapter of this device; asked for once. Never fails. */
export function adapter(): Promise<AdapterReport> {
  asked ??= ask();
  return asked;
}

async function ask(): Promise<AdapterReport> {
  const none = { name: "", software: false };
  const { gpu } = globalThis.navigator as { gpu?: { requestAdapter(): Promise<Adapter | null> } };
  // onnxruntime-web's build for it needs JavaScript Promise Integration.
  if (!gpu || !("Suspending" in WebAssembly)) return none;
  const found = await gpu.requestAdapter().catch(() => null);
  if (!found) return none;
  const { vendor = "", architecture = "", device = "", description = "" } = found.info ?? {};
  const name = [vendor, architecture, device, description].filter(Boolean).join(" ") || "unnamed";
  const software = found.info?.isFallbackAdapter === true || /swiftshader|llvmpipe/i.test(name);
  return { name, software };
}
