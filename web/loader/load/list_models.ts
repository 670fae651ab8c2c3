import type { ListOptions, ModelSummary } from "../api/list.ts";
import type { TaskInfo } from "../api/task.ts";
import { Delivery } from "../fetch/delivery.ts";
import { readCatalog } from "../fetch/manifest/entry.ts";
import { prefetchManifest } from "../fetch/manifest/prefetch.ts";
import { readManifest } from "../fetch/manifest/read.ts";
import { PartCache } from "../fetch/part_cache.ts";
import { siteURL } from "../fetch/site_url.ts";
import { taskOf } from "../tasks/answer.ts";

/** A page of a large catalogue's list: labels that several models have stand there once. */
interface Listing {
  labels: string[][];
  models: (Omit<ModelSummary, "task" | "labels"> & { task: TaskInfo; labels: number })[];
}

/**
 * The models of a site, by default this script's, without loading one. Raises ManifestError, DownloadError,
 * IntegrityError, SignatureError, or the signal's reason.
 */
export async function listModels(
  baseURL?: string | URL,
  options: ListOptions = {},
): Promise<ModelSummary[]> {
  const base = siteURL(baseURL);
  const bytes = await prefetchManifest(base, options);
  // A download takes `integrity` for the browser to check, whose error would not say what is wrong.
  const { signal, stallTimeout } = options;
  const { manifest } = await readManifest(base, bytes, options, { signal, stallTimeout });
  if (manifest.schema_version === 2) {
    const delivery = new Delivery(base, await PartCache.open(base, false), {
      signal,
      stallTimeout,
    });
    const pages = manifest.listing.map((file) => readCatalog(delivery, file) as Promise<Listing>);
    return (await Promise.all(pages)).flatMap(({ labels, models }) =>
      models.map(({ labels: number, ...summary }) => {
        const info = { ...summary, labels: labels[number]! };
        return { ...info, task: taskOf(info) };
      }),
    );
  }
  return manifest.models.map((info) => {
    const { name, title, version, labels, plan, graph, variants } = info;
    const size = variants[0]!.weights.size + ((plan ?? graph)?.size ?? 0);
    return { name, title, version, task: taskOf(info), labels, bytes: size };
  });
}
