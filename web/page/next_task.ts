/** Lets the browser draw and take input before what follows: on slow devices, work at one go would hold both up. */
export async function nextTask(): Promise<void> {
  const { scheduler } = globalThis as { scheduler?: { yield?: () => Promise<void> } };
  if (scheduler?.yield) return scheduler.yield();
  return new Promise((resolve) => setTimeout(resolve)); // before Chrome 129, Firefox 142; Safari
}
