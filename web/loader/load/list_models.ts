import type { ListOptions, ModelSummary } from "../api/list.ts";
import { prefetchManifest } from "../fetch/manifest/prefetch.ts";
import { readManifest } from "../fetch/manifest/read.ts";
import { siteURL } from "../fetch/site_url.ts";
import { taskOf } from "../tasks/answer.ts";

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
  return manifest.models.map((info) => {
    const { name, title, version, labels, plan, graph, variants } = info;
    const size = variants[0]!.weights.size + ((plan ?? graph)?.size ?? 0);
    return { name, title, version, task: taskOf(info), labels, bytes: size };
  });
}
